"""`python -m tests.judge OUT_DIR`: exits with 0 if every promise was kept, 1 if one was broken, 2 without evidence."""

import sys
from pathlib import Path

from tests.judge.judge import Verdict, judge

_SHOWN = 50


def report(verdict: Verdict) -> str:
    """The table of laws with their cases, then a sentence for each promise broken."""
    width = max(map(len, verdict.cases))
    lines = [f"{name:<{width}}  {cases:>7}" for name, cases in verdict.cases.items()]
    lines.append("")
    if verdict.is_kept:
        lines.append(f"Every promise kept: {sum(verdict.cases.values())} cases judged.")
    else:
        lines.append(f"{len(verdict.broken)} promises broken:")
        lines += [f"- {sentence}" for sentence in verdict.broken[:_SHOWN]]
    if len(verdict.broken) > _SHOWN:
        lines.append(f"… and {len(verdict.broken) - _SHOWN} more.")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Judges one folder."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m tests.judge OUT_DIR\n")
        return 2
    try:
        verdict = judge(Path(arguments[0]))
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"The evidence cannot be read: {type(error).__name__}: {error}\n")
        return 2
    sys.stdout.write(report(verdict) + "\n")
    return 0 if verdict.is_kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
