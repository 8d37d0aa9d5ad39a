"""A month in the life of the believable company (docs/rules.md section 7): see `month.month`."""

from adapters.sandbox.month.acts import (
    CashPostedAct,
    CollectorAct,
    DisputeAct,
    PauseAct,
    PromiseAct,
    Reply,
    ResolveAct,
    SwitchCadenceAct,
    TaskDoneAct,
)
from adapters.sandbox.month.month import Month

__all__ = [
    "CashPostedAct",
    "CollectorAct",
    "DisputeAct",
    "Month",
    "PauseAct",
    "PromiseAct",
    "Reply",
    "ResolveAct",
    "SwitchCadenceAct",
    "TaskDoneAct",
]
