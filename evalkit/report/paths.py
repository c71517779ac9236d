"""The observed and the expected path of one analysis, read for a chart, a table and a description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalkit.periods import format_period, named_period, parse_period
from evalkit.records import Analysis, Estimate, Measure, PathPoint
from evalkit.report.numbers import Shown, Writer, count, estimate_text, interval_text
from evalkit.report.scales import finite, is_finite, value_writer


@dataclass(frozen=True)
class Track:
    """The path of one group of units: its periods as integers, ascending, and what is known of each."""

    unit: str
    times: tuple[int, ...]
    points: tuple[PathPoint, ...]

    def series(self, name: str) -> list[tuple[int, float]]:
        """Return the periods in which a field is a number, with it."""
        pairs = ((time, getattr(point, name)) for time, point in zip(self.times, self.points, strict=True))
        return [(time, value) for time, value in pairs if is_finite(value)]


@dataclass(frozen=True)
class Paths:
    """All that the chart draws: treated groups with their expected path, comparison groups without.

    `left_out` holds the first and last period of each stretch that was seen and is not in the model, `hidden` group and
    period of each number that may not be seen.
    """

    treated: tuple[Track, ...]
    comparison: tuple[Track, ...]
    start: int | None
    frequency: str
    measure: Measure
    level: float
    left_out: tuple[tuple[int, int], ...] = ()
    hidden: frozenset[tuple[str, int]] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    def named(self, time: int) -> str:
        """Return a period by the name that the study gives it, or in words."""
        return named_period(time, self.frequency, self.names)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Every group, comparison first: later ones are painted over earlier ones."""
        return (*self.comparison, *self.treated)

    @property
    def times(self) -> list[int]:
        """Every period of any group, ascending."""
        return sorted({time for track in self.tracks for time in track.times})

    def expected(self, track: Track) -> list[tuple[int, float]]:
        """Return the expected path from the first treated period on."""
        return [(time, value) for time, value in track.series("counterfactual") if self.after(time)]

    def band(self, track: Track) -> list[tuple[int, float, float]]:
        """Return the interval of the expected path where both bounds are numbers."""
        rows = zip(track.times, track.points, strict=True)
        return [(time, point.low or 0.0, point.high or 0.0) for time, point in rows
                if self.after(time) and is_finite(point.low) and is_finite(point.high)]  # fmt: skip

    def after(self, time: int) -> bool:
        """Say whether a period is treated."""
        return self.start is not None and time >= self.start

    def values(self) -> list[float]:
        """Return every number that decides the scale; of the interval, what lies within reach of the rest."""
        core = [value for track in self.tracks for name in ("observed", "fitted") for _, value in track.series(name)]
        core += [value for track in self.tracks for _, value in self.expected(track)]
        bounds = [bound for track in self.tracks for _, *pair in self.band(track) for bound in pair]
        if not core or not bounds:
            return core
        reach = 1.5 * (max(core) - min(core)) or abs(max(core)) or 1.0
        return core + [min(max(bound, min(core) - reach), max(core) + reach) for bound in bounds]

    @property
    def cut_short(self) -> bool:
        """True when the interval goes beyond the scale."""
        bounds = [bound for track in self.tracks for _, *pair in self.band(track) for bound in pair]
        values = self.values()
        return bool(bounds) and (min(bounds) < min(values) or max(bounds) > max(values))


HIDDEN = "[c]"
"""What stands in place of a number that is hidden; the sentences of `hidden_words` explain it above the table."""


def as_drawn(analysis: Analysis) -> Analysis:
    """Return an analysis with the path that is drawn: by quarter, where single months hold small numbers."""
    rule = analysis.result.disclosure or {}
    if rule.get("drawn_by") != "quarter":
        return analysis
    path = tuple(PathPoint(**point) for point in rule["path"])
    first = analysis.first_treated and format_period(parse_period(analysis.first_treated, "quarter"), "quarter")
    result = replace(analysis.result, path=path, path_without_season=())
    return replace(analysis, result=result, frequency="quarter", first_treated=first)


def has_series(analysis: Analysis, fewest: int) -> bool:
    """Say whether a path has more periods than this that can be drawn: observed, or as the line of the model."""
    path = as_drawn(analysis).result.path
    observed = {point.period for point in path if point.observed is not None}
    by_lines = (analysis.result.disclosure or {}).get("drawn_by") == "lines"
    return len(observed or ({point.period for point in path if point.fitted is not None} if by_lines else ())) > fewest


def hidden_words(analysis: Analysis) -> tuple[str, ...]:
    """Return in sentences what is not shown of a path for being small, and what marks it; empty for nothing."""
    words = str((analysis.result.disclosure or {}).get("drawn_words") or "")
    if not words:
        return ()
    marked = "not shown" in words
    return (words, f"In the table {HIDDEN} stands for a hidden number.") if marked else (words,)


def read_paths(analysis: Analysis, path: Sequence[PathPoint]) -> Paths:
    """Return the path of an analysis by group; a group without an expected path is a comparison group."""
    groups: dict[str, list[tuple[int, PathPoint]]] = {}
    for point in path:
        groups.setdefault(point.unit, []).append((parse_period(point.period, analysis.frequency), point))
    tracks = []
    for unit, rows in groups.items():
        rows.sort(key=lambda row: row[0])
        tracks.append(Track(unit, tuple(time for time, _ in rows), tuple(point for _, point in rows)))
    treated = tuple(track for track in tracks if track.series("counterfactual"))
    comparison = tuple(track for track in tracks if track not in treated) if treated else ()
    starts = [track.series("counterfactual")[0][0] for track in treated]
    start = (
        parse_period(analysis.first_treated, analysis.frequency)
        if analysis.first_treated
        else min(starts, default=None)
    )
    return Paths(treated or tuple(tracks), comparison, start, analysis.frequency, analysis.outcome,
                 analysis.result.effect.level, stretches_left_out(analysis), _hidden(analysis, tracks),
                 analysis.period_names)  # fmt: skip


def _hidden(analysis: Analysis, tracks: Sequence[Track]) -> frozenset[tuple[str, int]]:
    """Return group and period of each number that the rule for small numbers hides."""
    rule = analysis.result.disclosure or {}
    cells = {(cell["group"], cell["period"]) for cell in rule.get("hidden", ())}
    whole = rule.get("drawn_by") in ("quarter", "lines")
    return frozenset((track.unit, time) for track in tracks
                     for time, point in zip(track.times, track.points, strict=True)
                     if point.observed is None and (whole or (point.unit, point.period) in cells))  # fmt: skip


def stretches_left_out(analysis: Analysis) -> tuple[tuple[int, int], ...]:
    """Return first and last period of each stretch that was seen but not fitted, where the model has a fitted line."""
    fitted = {point.unit for point in analysis.result.path if point.fitted is not None}
    points = [point for point in analysis.result.path if point.unit in fitted]
    times = sorted({parse_period(point.period, analysis.frequency) for point in points if point.fitted is None})
    found: list[tuple[int, int]] = []
    for time in times:
        if found and time == found[-1][1] + 1:
            found[-1] = (found[-1][0], time)
        else:
            found.append((time, time))
    return tuple(found)


def with_comparison(analysis: Analysis, drawn: Sequence[PathPoint]) -> tuple[PathPoint, ...]:
    """Return a path without season together with the comparison series as recorded, which has no such path.

    A series that lies far from the treated one is left to the table: on its scale nothing else could be read.
    """
    known = {point.unit for point in drawn}
    values = finite(value for point in drawn for value in (point.observed, point.counterfactual))
    others = [point for point in analysis.result.path if point.unit not in known]
    seen = finite(point.observed for point in others)
    if not seen or not values:
        return tuple(drawn)
    low, high = min(values), max(values)
    room = 1.5 * (high - low)
    near = min(seen) >= low - room and max(seen) <= high + room
    return (*drawn, *others) if near else tuple(drawn)


def path_table(recorded: Paths, drawn: Paths) -> tuple[tuple[str, ...], ...]:
    """Return header and rows: every period of every group as recorded, and with the season out where that is drawn."""
    write = _writer(recorded)
    adjusted = {(track.unit, time): point for track in drawn.tracks
                for time, point in zip(track.times, track.points, strict=True)}  # fmt: skip
    groups, season = len(recorded.tracks) > 1, drawn is not recorded
    header = (("Group",) if groups else ()) + ("Period", "Observed")
    header += ("Season taken out",) if season else ()
    header += ("Expected", f"{recorded.level * 100:g}% interval")
    rows = [header]
    expected = {track.unit: _expected_times(track, recorded) for track in recorded.treated}
    for track in (*recorded.treated, *recorded.comparison):
        for time, point in zip(track.times, track.points, strict=True):
            gone = (track.unit, time) in recorded.hidden
            row = ((track.unit,) if groups else ()) + (
                recorded.named(time),
                _seen(point.observed, write, gone),
            )
            if season:
                row += (_cell(getattr(adjusted.get((track.unit, time)), "observed", None), write),)
            bounded = point.low is not None or point.high is not None
            interval = interval_text(point.low, point.high, write) if bounded else ""
            without = gone and time in expected.get(track.unit, ())
            row += (_seen(point.counterfactual, write, without),
                    Shown(HIDDEN, None, None) if without and not interval else Shown(interval, point.low, point.high))
            rows.append(row)
    return tuple(rows)


def describe_paths(paths: Paths, relative: Estimate | None) -> str:
    """Return what the chart shows, in sentences, every number from the records."""
    write = _writer(paths)
    first, last = (paths.named(time) for time in (paths.times[0], paths.times[-1]))
    seen = any(track.series("observed") for track in paths.tracks)
    parts = [f"{'Points' if seen else 'Lines'} from {first} to {last}."]
    for track in paths.treated:
        whose = f"{track.unit}: " if len(paths.treated) > 1 and track.unit else ""
        before = [value for time, value in track.series("observed") if not paths.after(time)]
        after = [value for time, value in track.series("observed") if paths.after(time)]
        parts += [f"{whose}{_between(before, write)} before." if before else ""]
        if paths.start is not None and after:
            parts.append(
                f"{whose}From {paths.named(paths.start)}, {_between(after, write, small=True)}."
            )
        fitted = [] if seen else track.series("fitted")
        if fitted:
            parts.append(f"{whose}The fitted line runs from {write(fitted[0][1])} to {write(fitted[-1][1])}.")
        parts += [_expected_sentence(paths, track, write)]
    for track in paths.comparison:
        values = [value for _, value in track.series("observed")]
        whose = f", {track.unit}" if len(paths.comparison) > 1 else ""
        parts += [f"Comparison{whose}: {_between(values, write, small=True)}."] if values else []
    if relative is not None:
        parts.append(f"Average difference from expected: {estimate_text(relative.value, relative.low, relative.high)}.")
        parts.append(_how_clear(relative))
    return " ".join(part for part in parts if part)


def _how_clear(relative: Estimate) -> str:
    """Return on which side of no change the whole interval lies, if on one: a listener cannot see the band."""
    if relative.low is None or relative.high is None:
        return "No interval is known."
    low, high = sorted((relative.low, relative.high))
    if low <= 0 <= high:
        return "The interval includes no change."
    return f"The whole interval lies {'below' if high < 0 else 'above'} no change."


def _writer(paths: Paths) -> Writer:
    return value_writer(paths.measure, paths.values())


def _expected_times(track: Track, paths: Paths) -> set[int]:
    """Return the periods with an expected value, shown or hidden with what was observed."""
    if not paths.expected(track):
        return set()
    modelled = {time for time, _ in track.series("fitted")}
    return {time for time in track.times if paths.after(time) and not modelled}


def _seen(value: float | None, write: Writer, hidden: bool) -> str:
    """Return a number, or the mark of one that is hidden."""
    return Shown(HIDDEN, None) if value is None and hidden else _cell(value, write)


def _cell(value: float | None, write: Writer) -> str:
    return Shown("" if value is None else write(value), value)


def _between(values: Sequence[float], write: Writer, *, small: bool = False) -> str:
    """Return how many points lie between which numbers."""
    start = "one point at" if len(values) == 1 else f"{count(len(values))} points between"
    text = f"{start} {write(min(values))}" + (f" and {write(max(values))}" if len(values) > 1 else "")
    return text if small else text[0].upper() + text[1:]


def _expected_sentence(paths: Paths, track: Track, write: Writer) -> str:
    expected = paths.expected(track)
    if not expected:
        return ""
    ends = f"is {write(expected[0][1])}" if len(expected) == 1 else \
        f"runs from {write(expected[0][1])} to {write(expected[-1][1])}"  # fmt: skip
    band = paths.band(track)
    shaded = f", interval at the end {interval_text(band[-1][1], band[-1][2], write)}" if band else ""
    bare = len(expected) - len(band)
    without = f" In {count(bare)} of its {count(len(expected))} periods there is no interval." if band and bare else ""
    return f"The dashed expected line {ends}{shaded}.{without}"
