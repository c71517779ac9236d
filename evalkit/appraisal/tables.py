"""Reference tables: where they stand, and their rows with types. Read with the csv module, so that checks stay fast."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem

if TYPE_CHECKING:
    from evalkit.appraisal.economics import Economics

FOLDER = Path("data") / "reference"
NAMES = ("unit_costs_of_crime", "unit_costs_services", "gdp_deflator", "discount_rates", "overlaps",
         "overlap_extensions", "optimism_bias")  # fmt: skip
CRIME_PARTS = ("defensive_expenditure", "insurance_administration", "property_stolen_or_damaged",
               "physical_emotional_harm", "lost_output", "health_services", "victim_services", "police",
               "other_cjs")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One reference table as it stands in its file.

    Attributes
    ----------
    name : str
        File name without its ending.
    path : pathlib.Path
        The file that was read.
    origin : str
        `project` when the study's own project holds the table, `evalkit` when it is the copy that came with evalkit.
    columns : tuple of str
    rows : tuple of mapping
        Text by column name; empty text where the table prints nothing.
    sha256 : str
        Hash of the file's bytes.
    """

    name: str
    path: Path
    origin: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    sha256: str

    @property
    def shown(self) -> str:
        """File as the user knows it."""
        return f"{FOLDER.as_posix()}/{self.name}.csv" + ("" if self.origin == "project" else " (shipped with evalkit)")

    def numbered(self) -> Iterator[Row]:
        """Yield the rows, each with its number, so that a wrong cell can be named."""
        for number, cells in enumerate(self.rows, start=1):
            yield Row(self, number, cells)


@dataclass(frozen=True)
class Row:
    """One row of a table, read cell by cell."""

    table: Table
    number: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell as text; empty where the table prints nothing."""
        return self.cells[column].strip()

    def number_of(self, column: str) -> float | None:
        """Return a cell as a number, or None where it is empty: not known is not zero."""
        text = self.text(column)
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise DataError(Problem(f"row {self.number} has {text!r} in {column}", "expected a number", column,
                                    self.table.shown)) from None  # fmt: skip

    def required(self, column: str) -> float:
        """Return a cell as a number; an empty one is an error."""
        value = self.number_of(column)
        if value is None:
            found = f"row {self.number} has no {column}"
            raise DataError(Problem(found, "expected a number", column, self.table.shown))
        return value


@dataclass(frozen=True)
class CrimeCost:
    """A unit cost of crime: pounds per `unit` in prices of `price_year`; None is not known."""

    edition: str
    offence_id: str
    offence: str
    price_year: str
    unit: str
    unit_cost: float
    anticipation: float | None
    consequence: float | None
    response: float | None
    multiplier: float | None
    number_of_crimes: float | None
    parts: Mapping[str, float | None]
    group: str
    status: str
    source: str
    note: str


@dataclass(frozen=True)
class ServiceCost:
    """A unit cost of a service: pounds per `unit` in prices of `price_year`; None is not known."""

    id: str
    item: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    value_type: str
    price_year: str
    payer: str
    cashability: str
    code: str
    status: str
    source: str
    note: str


@dataclass(frozen=True)
class Deflator:
    """A price index by financial year.

    Attributes
    ----------
    index : mapping
        Index by financial year.
    forecasts : frozenset of str
        Years that are forecast, not outturn.
    vintage, status, source : str
    """

    index: Mapping[str, float]
    forecasts: frozenset[str]
    vintage: str
    status: str
    source: str


@dataclass(frozen=True)
class DiscountBand:
    """Discount rates of the years `first` to `last` (None: open-ended), by schedule."""

    first: int
    last: int | None
    rates: Mapping[str, float]

    def holds(self, year: int) -> bool:
        """Say whether a year after the base year lies in this band."""
        return self.first <= year and (self.last is None or year <= self.last)

    def rate(self, schedule: str) -> float:
        """Return the rate of a schedule: standard, health or sensitivity."""
        return self.rates[schedule]


@dataclass(frozen=True)
class OptimismRow:
    """Adjustments for optimism: by grade of evidence (cost, benefit), or by kind of project (upper and lower bound)."""

    key: str
    grade: str
    cost: float | None
    benefit: float | None
    bounds: Mapping[tuple[str, str], float | None]
    status: str
    source: str


@dataclass(frozen=True)
class Overlap:
    """Two lines that hold the same money (action error or warn), or that may be added (allow)."""

    id: str
    line_a: str
    line_b: str
    component: str
    amount: float | None
    price_year: str
    action: str
    why: str
    note: str


class Reference:
    """The reference tables of one project, read when first asked for.

    Parameters
    ----------
    project : pathlib.Path or None
        Folder of the project; its own `data/reference/NAME.csv` wins over the copy that came with evalkit.
    """

    def __init__(self, project: Path | None = None) -> None:
        self.project = project

    @cached_property
    def crime(self) -> tuple[CrimeCost, ...]:
        """Unit costs of crime; the key is edition plus offence_id."""
        return tuple(_crime_cost(row) for row in reference_table("unit_costs_of_crime", self.project).numbered())

    @cached_property
    def services(self) -> Mapping[str, ServiceCost]:
        """Unit costs of services by id."""
        rows = reference_table("unit_costs_services", self.project).numbered()
        return {row.text("id"): _service_cost(row) for row in rows}

    @cached_property
    def deflator(self) -> Deflator:
        """The GDP deflator: the vintage that the table marks for use."""
        rows = [row for row in reference_table("gdp_deflator", self.project).numbered()
                if row.text("use_by_default") == "yes"]  # fmt: skip
        if not rows:
            raise DataError("gdp_deflator marks no vintage for use", "write yes in use_by_default", "use_by_default")
        forecasts = frozenset(row.text("financial_year") for row in rows if row.text("kind") == "forecast")
        index = {row.text("financial_year"): row.required("index_2024_25_100") for row in rows}
        return Deflator(index, forecasts, *(rows[0].text(column) for column in ("vintage", "status", "source")))

    @cached_property
    def discounting(self) -> tuple[DiscountBand, ...]:
        """Discount rates by band of years."""
        bands = []
        for row in reference_table("discount_rates", self.project).numbered():
            last = row.number_of("year_to")
            rates = {schedule: row.required(schedule) for schedule in ("standard", "health", "sensitivity")}
            bands.append(DiscountBand(int(row.required("year_from")), None if last is None else int(last), rates))
        return tuple(bands)

    @cached_property
    def optimism(self) -> Mapping[str, OptimismRow]:
        """Adjustments for optimism by key."""
        rows = reference_table("optimism_bias", self.project).numbered()
        return {row.text("key"): _optimism(row) for row in rows}

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Pairs of lines that double count, with the pairs to which the same row extends."""
        rows = {row.text("id"): row for row in reference_table("overlaps", self.project).numbered()}
        extensions = list(reference_table("overlap_extensions", self.project).numbered())
        pairs = (_extended(_overlap(row), [each for each in extensions if each.text("id") == key])
                 for key, row in rows.items())  # fmt: skip
        return tuple(itertools.chain.from_iterable(pairs))


def reference_table(name: str, project: Path | None = None) -> Table:
    """Return a reference table: the project's own when there is one, otherwise the copy that came with evalkit.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    project : pathlib.Path or None
        Folder of the project.

    Raises
    ------
    DataError
        When there is no such table, when it is not UTF-8 text, or when its own copy lacks columns of the shipped one.
    """
    path, origin = _find(name, project)
    try:
        content = path.read_bytes()
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), restval="")
        rows = tuple(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}.csv cannot be read ({error})", "expected UTF-8 text with commas", name) from None
    table = Table(name, path, origin, tuple(reader.fieldnames or ()), rows, hashlib.sha256(content).hexdigest())
    if origin == "project":
        _require_columns(table)
    return table


def reference_files(economics: Economics, project: Path | None = None) -> tuple[Path, ...]:
    """Return the files that the appraisal of an `economics` block reads, in a fixed order, for hashing."""
    unit_costs = [benefit.unit_cost or "" for benefit in economics.benefits]
    needed = {
        "unit_costs_of_crime": any(name.startswith("crime:") for name in unit_costs),
        "unit_costs_services": any(name.startswith("service:") for name in unit_costs),
        "gdp_deflator": True,
        "discount_rates": isinstance(economics.discount_rate, str),
        "overlaps": bool(economics.benefits),
        "overlap_extensions": bool(economics.benefits),
        "optimism_bias": bool(economics.optimism_bias or any(cost.optimism_bias for cost in economics.costs)),
    }
    return tuple(_find(name, project)[0] for name, read in needed.items() if read)


def _shipped_folder() -> Path:
    """Return the folder of the shipped tables: inside an installed package, or of the checkout that holds it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "shipped" / "reference"
    return installed if installed.is_dir() else package.parent / FOLDER


def _find(name: str, project: Path | None) -> tuple[Path, str]:
    if name not in NAMES:
        raise DataError(f"there is no reference table {name!r}", f"there are {', '.join(NAMES)}")
    shipped = _shipped_folder() / f"{name}.csv"
    if project is not None:
        own = Path(project) / FOLDER / f"{name}.csv"
        if own.is_file():
            return own, "project"
    return shipped, "evalkit"


def _require_columns(table: Table) -> None:
    shipped = (_shipped_folder() / f"{table.name}.csv").read_text(encoding="utf-8-sig")
    missing = [column for column in next(csv.reader(io.StringIO(shipped))) if column not in table.columns]
    if missing:
        raise DataError(Problem(f"no column {', '.join(missing)}", "keep the columns of the shipped table", table.name,
                                table.shown))  # fmt: skip


def _crime_cost(row: Row) -> CrimeCost:
    return CrimeCost(
        edition=row.text("edition"), offence_id=row.text("offence_id"), offence=row.text("offence"),
        price_year=row.text("price_year"), unit=row.text("unit"), unit_cost=row.required("unit_cost"),
        anticipation=row.number_of("anticipation"), consequence=row.number_of("consequence"),
        response=row.number_of("response"), multiplier=row.number_of("multiplier"),
        number_of_crimes=row.number_of("number_of_crimes"), parts={part: row.number_of(part) for part in CRIME_PARTS},
        group=row.text("offence_group"), status=row.text("status"), source=row.text("source"), note=row.text("note"),
    )  # fmt: skip


def _service_cost(row: Row) -> ServiceCost:
    return ServiceCost(
        id=row.text("id"), item=row.text("item"), unit=row.text("unit"), value=row.number_of("value"),
        low=row.number_of("value_low"), high=row.number_of("value_high"), value_type=row.text("value_type"),
        price_year=row.text("price_year"), payer=row.text("payer_level_1"), cashability=row.text("cashability"),
        code=row.text("code"), status=row.text("status"), source=row.text("source"), note=row.text("note"),
    )  # fmt: skip


def _optimism(row: Row) -> OptimismRow:
    bounds = {
        (kind, bound): row.number_of(f"{column}_{bound}")
        for kind, column in (("capital", "capex"), ("running", "opex"))
        for bound in ("upper", "lower")
    }
    return OptimismRow(row.text("key"), row.text("grade"), row.number_of("cost_adjustment"),
                       row.number_of("benefit_adjustment"), bounds, row.text("status"), row.text("source"))  # fmt: skip


def _overlap(row: Row) -> Overlap:
    return Overlap(row.text("id"), row.text("line_a"), row.text("line_b"), row.text("shared_component"),
                   row.number_of("shared_amount"), row.text("price_year"), row.text("action"), row.text("why"),
                   row.text("note"))  # fmt: skip


def _extended(row: Overlap, extensions: Sequence[Row]) -> Iterator[Overlap]:
    """Yield a row of overlaps and everything to which it extends.

    An extension that names its `other` line is that pair alone. The others replace one side each, and every line of
    the one side meets every line of the other.
    """
    sides: dict[str, list[Row | None]] = {"a": [None], "b": [None]}
    for extension in extensions:
        if not extension.text("other"):
            sides[extension.text("side")].append(extension)
    for one, other in itertools.product(sides["a"], sides["b"]):
        pair = row if one is None else _replaced(row, "a", one)
        yield pair if other is None else _replaced(pair, "b", other)
    for extension in extensions:
        if extension.text("other"):
            met = replace(row, line_a=extension.text("other"), line_b=extension.text("other"))
            yield _replaced(met, extension.text("side"), extension)


def _replaced(row: Overlap, side: str, extension: Row) -> Overlap:
    """Return a row with another line on one side; the weaker of two actions holds.

    The amount that two lines share is that of the line that holds it, so it does not pass to another first line.
    """
    action = extension.text("action") or row.action
    return replace(
        row, why=extension.text("why") or row.why,
        action=row.action if (row.action, action) == ("warn", "error") else action,
        amount=extension.number_of("shared_amount") if side == "a" or extension.text("other") else row.amount,
        line_a=extension.text("line") if side == "a" else row.line_a,
        line_b=extension.text("line") if side == "b" else row.line_b,
    )  # fmt: skip
