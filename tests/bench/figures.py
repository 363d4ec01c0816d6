"""What was measured, beside what it should be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement; `target` is the most it should be (or the least), None where it is only told."""

    part: str
    what: str
    value: float
    unit: str
    target: float | None = None
    detail: str = ""
    at_least: bool = False  # the target is the least it should be

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def table(figures: list[Figure]) -> str:
    """The figures as lines of a table."""
    lines = [("", "what", "measured", "target", "", "how")]
    for one in figures:
        target = "" if one.target is None else f"{'≥' if one.at_least else '≤'} {one.target:,g} {one.unit}".rstrip()
        said = {None: "", True: "met", False: "MISSED"}[one.met]
        lines.append((one.part, one.what, f"{one.value:,.2f} {one.unit}".rstrip(), target, said, one.detail))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join("  ".join([*map(str.ljust, line, widths), line[5]]).rstrip() for line in lines)
