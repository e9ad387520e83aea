"""Pictures that the server draws: geometry and words. The table has the same in full.

Shapes are placed in percent of the picture's width and height, so that they stretch
with the page and words in them do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from .columns import number

SHADES = ("mine", "a", "b", "c")
MOST_LABELS = 8  # below a picture over time
TOP = 12  # percent of the height that stay free for the number on top


@dataclass(frozen=True)
class Part:
    """A share of a bar: its place and width in percent, and its number in words."""

    label: str
    value: str
    css: str
    x: float
    width: float


def parts_of(
    shares: Sequence[tuple[str, Any]],
    whole: Any = None,
    shades: Sequence[str] = SHADES,
) -> list[Part]:
    """Side by side, as wide as their share of the whole; nothing has no width."""
    total = sum(value for _label, value in shares) if whole is None else whole
    parts, x = [], 0.0
    for (label, value), css in zip(shares, shades, strict=False):
        width = round(100 * float(value) / float(total), 2) if total else 0.0
        parts.append(Part(label, number(value), css, round(x, 2), width))
        x += width
    return parts


def points_of(values: Sequence[Any]) -> str:
    """A line from left to right, from zero at the bottom to the most at the top."""
    top = max([*values, 1])
    step = 100 / max(len(values) - 1, 1)
    return " ".join(
        f"{index * step:.2f},{38 - 36 * float(value) / float(top):.2f}"
        for index, value in enumerate(values)
    )


@dataclass(frozen=True)
class Bar:
    label: str
    value: str
    parts: list[Part]


@dataclass(frozen=True)
class Bars:
    """Rows of a name, a bar and its number; `keys` tell the shades apart."""

    title: str
    bars: list[Bar]
    keys: list[str] = field(default_factory=list)
    template = "admin/reports/bars.html"

    @property
    def shades(self) -> list[tuple[str, str]]:
        return list(zip(self.keys, SHADES, strict=False))


def shaded_bars_of(title: str, rows: Sequence[tuple[str, Any, str]]) -> Bars:
    """`rows` are names, each with one number and its shade."""
    most = max([value for _name, value, _css in rows], default=0)
    bars = [
        Bar(name, number(value), parts_of([(name, value)], most, [css]))
        for name, value, css in rows
    ]
    return Bars(title, bars)


def bars_of(
    title: str, rows: Sequence[tuple[str, Sequence[Any]]], keys: Sequence[str]
) -> Bars:
    """`rows` are names with a number for each key; the longest fills its line."""
    most = max([sum(values) for _name, values in rows], default=0)
    bars = [
        Bar(
            name,
            number(sum(values)),
            parts_of(list(zip(keys, values, strict=True)), most),
        )
        for name, values in rows
    ]
    return Bars(title, bars, list(keys) if len(keys) > 1 else [])


@dataclass(frozen=True)
class Column:
    """One upright bar: its place in percent, and what it says when pointed at."""

    css: str
    x: float
    width: float
    y: float
    height: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A word under the picture."""

    x: float
    text: str


@dataclass(frozen=True)
class OverTime:
    """Values from left to right: upright bars, or one line with an area under it."""

    title: str
    text: str
    top: str
    columns: list[Column] = field(default_factory=list)
    points: str = ""
    marks: list[Mark] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    template = "admin/reports/over_time.html"

    @property
    def shades(self) -> list[tuple[str, str]]:
        return list(zip(self.keys, SHADES, strict=False))


def columns_of(
    title: str, names: Sequence[tuple[str, str]], series: Mapping[str, Sequence[int]]
) -> OverTime:
    """For each of `names` (short, long) an upright bar of each series."""
    most = max([value for values in series.values() for value in values], default=0)
    slot = 100 / max(len(names), 1)
    width = slot * 0.7 / len(series)
    columns = [
        Column(
            css,
            x=round(slot * (index + 0.15) + width * place, 2),
            width=round(width * 0.92, 2),
            y=round(100 - _height(values[index], most), 2),
            height=_height(values[index], most),
            text=f"{long}, {key}: {number(values[index])}",
        )
        for index, (_short, long) in enumerate(names)
        for place, ((key, values), css) in enumerate(
            zip(series.items(), SHADES, strict=False)
        )
    ]
    middles = [slot * (index + 0.5) for index in range(len(names))]
    return OverTime(
        title,
        text="; ".join(column.text for column in columns),
        top=number(most),
        columns=columns,
        marks=_marks(middles, names),
        keys=list(series),
    )


def line_of(
    title: str, names: Sequence[tuple[str, str]], values: Sequence[Any]
) -> OverTime:
    """One value for each of `names` (short, long)."""
    step = 100 / max(len(names) - 1, 1)
    text = [
        f"{long}: {number(value)}"
        for (_short, long), value in zip(names, values, strict=True)
    ]
    return OverTime(
        title,
        text="; ".join(text),
        top=number(max(values, default=0)),
        points=points_of(values),
        marks=_marks([step * index for index in range(len(names))], names),
    )


def _height(value: int, most: int) -> float:
    return round((100 - TOP) * value / most, 2) if most else 0.0


def _marks(places: Sequence[float], names: Sequence[tuple[str, str]]) -> list[Mark]:
    """As many as there is room for, the last one always."""
    every = ceil(len(names) / MOST_LABELS) or 1
    last = len(names) - 1
    return [
        Mark(round(place, 2), short)
        for index, (place, (short, _long)) in enumerate(zip(places, names, strict=True))
        if (last - index) % every == 0
    ]


@dataclass(frozen=True)
class Stage:
    """A step of a funnel: its number, its share of the step before, its place."""

    label: str
    value: str
    share: str
    x: float
    y: float
    height: float
    flow: str


@dataclass(frozen=True)
class Funnel:
    title: str
    stages: list[Stage]
    outcomes: list[tuple[str, str]]
    note: str
    template = "admin/reports/funnel.html"


def funnel_of(
    title: str,
    steps: Sequence[tuple[str, int, str]],
    outcomes: list[tuple[str, str]],
    note: str,
) -> Funnel:
    """`steps` are name, number and share in words, from the first to the last."""
    most = max([value for _label, value, _share in steps], default=0)
    heights = [
        round(200 * value / most, 1) if most else 0.0 for _label, value, _s in steps
    ]
    stages = []
    for index, (label, value, share) in enumerate(steps):
        x, height = 100 * index, heights[index]
        following = heights[index + 1] if index + 1 < len(steps) else None
        flow = (
            f"{x + 64},{200 - height} {x + 100},{200 - following} "
            f"{x + 100},200 {x + 64},200"
            if following is not None
            else ""
        )
        stages.append(Stage(label, number(value), share, x, 200 - height, height, flow))
    return Funnel(title, stages, outcomes, note)
