"""Batches: up to thirty independent items, a fault beside a success, and queries among the writes."""

from adapters.quickbooks.sandbox.operations import Operations
from adapters.quickbooks.sandbox.wire import Json, Refused

_NOT_A_NAME = frozenset(["bId", "operation", "optionsData"])
_OPERATIONS = frozenset(["create", "update", "delete", "void"])


def batch(operations: Operations, body: Json) -> Json:
    """The `BatchItemResponse` for a body. Raises `Refused` (1040) where it holds too many items."""
    items = body.get("BatchItemRequest") or []
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise Refused("2010", "BatchItemRequest is a list of objects")
    limit = operations.context.settings.batch_items
    if len(items) > limit:
        raise Refused("1040", f"Number of items in the batch exceeds the maximum of {limit}.")
    return {"BatchItemResponse": [_answered(operations, item) for item in items]}


def _answered(operations: Operations, item: Json) -> Json:
    part = {"bId": item.get("bId", "")}
    try:
        if "Query" in item:
            return {"QueryResponse": operations.query(str(item["Query"])), **part}
        return {**_written(operations, item), **part}
    except Refused as error:
        return {"Fault": error.fault(), **part}


def _written(operations: Operations, item: Json) -> Json:
    name = next((each for each in item if each not in _NOT_A_NAME), "")
    options = str(item.get("optionsData") or "")
    wanted = str(item.get("operation") or "create")
    if not isinstance(item.get(name), dict) or wanted not in _OPERATIONS:
        raise Refused("2080", "A batch item holds one object and an operation", element="BatchItemRequest")
    if wanted == "update" and options == "void":
        wanted = "void"
    return operations.write(name, dict(item[name]), {"include": options.replace("void", "")}, wanted)
