"""Bad input as a user meets it: exit status 1, words that name the place and the mend, nothing half-written.

Most cases run the command line in this process, which is quick; those in which the process itself matters (limits,
rights, signals, encodings, memory) start one.
"""

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit import cli, releases
from evalkit.errors import EvalkitError, Problem
from evalkit.spec.loading import load_spec
from tests.conftest import SERIES

Write = Callable[..., Path]
Rows = list[list[str]]

STUDY = """\
evalkit: 1
title: A study
question: Did it change?
data:
  source: csv
  path: data/rows.csv
  unit: place
  period: {column: month, frequency: month}
intervention: {starts: {North: 2021-01, South: 2021-01}}
outcomes:
  harm: {label: Harm, column: count, kind: count, better: lower}
design: {kind: difference_in_differences}
"""
HEADER = ["place", "month", "count", "people"]
PLACES = ("North", "South", "East", "West", "Mid", "Hill")
NOBODY = 65_534


@dataclass
class Told:
    """What the command line said, and how it ended."""

    status: int
    out: str
    err: str

    def refuses(self, *words: str) -> None:
        """Check the exit status, that every word was said, and that it reads as no programmer's fault."""
        assert self.status == 1, self.out + self.err
        for word in words:
            assert word in self.err, self.err
        for fault in ("Traceback", "stopped unexpectedly", "Warning", "Errno"):
            assert fault not in self.out + self.err


Evalkit = Callable[..., Told]


@pytest.fixture
def evalkit(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Evalkit]:
    """The command line in this process; after every call, results are whole or not there."""
    interrupt = signal.getsignal(signal.SIGINT)

    def call(*arguments: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["evalkit", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        signal.signal(signal.SIGINT, interrupt)
        said = capsys.readouterr()
        require_whole(project)
        return Told(int(str(ended.value.code)), said.out, said.err)

    yield call
    signal.signal(signal.SIGINT, interrupt)


def process(project: Path, *arguments: str, before: tuple[str, ...] = (), **options: object) -> Told:
    """The command line as a process of its own."""
    command = [*before, sys.executable, "-m", "evalkit", *arguments]
    settled = {"cwd": project, "capture_output": True, "encoding": "utf-8", "timeout": 120, **options}
    done = subprocess.run(command, check=False, **settled)  # type: ignore[call-overload]
    require_whole(project)
    return Told(done.returncode, done.stdout, done.stderr)


def require_whole(project: Path) -> None:
    """Check that every result reads as JSON and no part of a file was left."""
    assert not list(project.rglob("*.part"))
    for path in project.glob("results/**/*.json"):
        if path.is_file():
            json.loads(path.read_text(encoding="utf-8"))


def results(project: Path) -> list[str]:
    return sorted(path.parent.name for path in project.glob("results/*/result.json") if path.is_file())


def table() -> Rows:
    """Rows of six places and 36 months."""
    return [[place, f"{2019 + at // 12}-{at % 12 + 1:02d}", str(40 + 5 * number + 7 * at * (number + 1) % 11),
             str(1000 + number)] for number, place in enumerate(PLACES) for at in range(36)]  # fmt: skip


def text_of(rows: Rows, header: list[str] = HEADER, separator: str = ",") -> str:
    return "".join(separator.join(row) + "\n" for row in [header, *rows])


def with_cell(row: int, column: int, cell: str) -> str:
    """The table with another cell; rows are counted as a spreadsheet does, the header being the first."""
    rows = table()
    rows[row - 2][column] = cell
    return text_of(rows)


def moved(years: int) -> Rows:
    return [[place, f"{int(month[:4]) + years:04d}{month[4:]}", *rest] for place, month, *rest in table()]


@pytest.fixture
def study(write_study: Write, project: Path) -> Callable[..., None]:
    """Write a study of a data file, `study`, and beside it one that is right, `other`."""

    def write(data: str | bytes | None, text: str | bytes = STUDY, file: str = "rows.csv") -> None:
        path = project / "evaluations" / "study.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        write_study(name="other")
        if data is not None:
            content = data if isinstance(data, bytes) else data.encode()
            (project / "data" / file).write_bytes(content)

    return write


Study = Callable[..., None]
RATE = STUDY.replace("column: count, kind: count", "column: count, kind: rate, exposure: people")
LONG_QUOTE = text_of(table()) + '"North,2019-01,1,1\n' + "x" * (1 << 21)

WRONG_DATA: dict[str, tuple[str | bytes | None, str, tuple[str, ...]]] = {
    "missing file": (None, STUDY, ("study.yaml: 1 problem", "6:9", "data/rows.csv does not exist")),
    "wrong column": (
        text_of(table(), ["place", "month", "counts", "people"]),
        STUDY,
        ("11:31", "there is no column 'count'; did you mean 'counts'?"),
    ),
    "text": (
        with_cell(6, 2, "n/a"),
        STUDY,
        (
            "data/rows.csv does not fit evaluations/study.yaml: 1 problem",
            'count: text in 1 of 216 cells: row 6 "n/a"',
            "`suppressed` stands under outcomes.harm",
        ),
    ),
    "suppressed": (with_cell(6, 2, "<5"), STUDY, ('declare suppressed: {"<5": [1, 4]}',)),
    "text in exposure": (
        with_cell(6, 3, "many"),
        RATE,
        ('people: text in 1 of 216 cells: row 6 "many"; ask for numbers',),
    ),
    "negative": (with_cell(6, 2, "-3"), STUDY, ('count: negative in 1 of 216 cells: row 6 "-3"', "kind: continuous")),
    "zero exposure": (
        with_cell(6, 3, "0"),
        RATE,
        ('people: zero or negative in 1 of 216 cells: row 6 "0"', "`filter`"),
    ),
    "tiny exposure": (with_cell(6, 3, "1e-300"), RATE, ('people: next to zero in 1 of 216 cells: row 6 "1e-300"',)),
    "dates": (
        with_cell(6, 1, "2019-13"),
        STUDY,
        ('month: no month in 1 of 216 cells: row 6 "2019-13"', "such as 2022-12"),
    ),
    "day numbers": (
        text_of([[place, str(43_466 + 31 * (at % 36)), *rest] for at, (place, _, *rest) in enumerate(table())]),
        STUDY,
        ("Excel's numbers for days (43466 is 2019-01-01)", "format the column as dates"),
    ),
    "treated before all data": (
        text_of(table()),
        STUDY.replace("2021-01", "2001-01"),
        (
            "9:24",
            "treatment starts in 2001-01; data run from 2019-01 to 2021-12",
            "there must be periods before the start",
        ),
    ),
    "treated after all data": (
        text_of(table()),
        STUDY.replace("2021-01", "2031-01"),
        ("9:24", "treatment starts in 2031-01; data run from 2019-01 to 2021-12"),
    ),
    "no comparison": (
        text_of([row for row in table() if row[0] in ("North", "South")]),
        STUDY,
        ("9:24", "there is nobody to compare with", "add units that are never treated"),
    ),
    "unknown unit": (text_of(table()), STUDY.replace("North:", "Nroth:"), ("'Nroth' is not among", "mean 'North'?")),
    "one period": (
        text_of([row for row in table() if row[1] == "2021-01"]),
        STUDY,
        ("only one period (2021-01)", "there must be periods before the start"),
    ),
    "all zero": (
        text_of([[*row[:2], "0", row[3]] for row in table()]),
        STUDY,
        ("count: every value is 0; check the column and the filters",),
    ),
    "0 bytes": (b"", STUDY, ("6:9", "data/rows.csv is empty (0 bytes)", "fetch the file again")),
    "empty lines": (b"\n\n\n", STUDY, ("has no row 1 to name the columns",)),
    "no rows": (text_of([]), STUDY, ("there are no rows below the header",)),
    "NaN": (with_cell(6, 2, "NaN"), STUDY, ("count: missing in 1 of 216 cells: North 2019-05", "declare `gaps`")),
    "inf": (with_cell(6, 2, "-inf"), STUDY, ('count: infinite in 1 of 216 cells: row 6 "-inf"',)),
    "many digits": (with_cell(6, 2, "1" + "0" * 400), STUDY, ("count: infinite in 1", "the digits that made it")),
    "huge": (
        with_cell(6, 2, "123456789012345678901234567890"),
        STUDY,
        ('count: too large in 1 of 216 cells: row 6 "123456789', "digits that ran together"),
    ),
    "repeated header": (
        text_of(table(), ["place", "month", "count", "count"]),
        STUDY,
        ("6:9", "the header names count more than once", "rename one"),
    ),
    "semicolons": (text_of(table(), separator=";"), STUDY, ("is a single column", "say `separator: semicolon`")),
    "UTF-16 without mark": (text_of(table()).encode("utf-16-le"), STUDY, ("NUL bytes", "say `encoding: utf-16-le`")),
    "workbook named csv": (b"PK\x03\x04rest", STUDY, ("is an Excel workbook", "use `source: excel`")),
    "ragged": (with_cell(6, 2, "1,2"), STUDY, ("names 4 columns but row 6 has 5", "must stand in quotes")),
    "open quote": (LONG_QUOTE, STUDY, ("a row of more than 1,048,576 characters", "a quotation mark that opens")),
    "line end in a name": (
        text_of([[row[0].replace("North", '"Nor\nth"'), *row[1:]] for row in table()]),
        STUDY,
        ("9:32", "did you mean 'Nor\\nth'?"),
    ),
    "control characters": (with_cell(6, 2, "\x1b[31m5"), STUDY, ('row 6 "\\x1b[31m5"',)),
    "outside": (
        None,
        STUDY.replace("data/rows.csv", "../../etc/passwd"),
        ("6:9", "lies outside the project", "--data"),
    ),
    "absolute": (None, STUDY.replace("data/rows.csv", "/etc/passwd"), ("6:9", "is an absolute path")),
}


@pytest.mark.parametrize("case", WRONG_DATA)
def test_wrong_data_are_refused_in_words(evalkit: Evalkit, study: Study, project: Path, case: str) -> None:
    data, text, words = WRONG_DATA[case]
    study(data, text)
    evalkit("run", "study").refuses(*words)
    assert not (project / "results").exists()


@pytest.mark.parametrize("case", ["missing file", "text", "0 bytes", "no comparison"])
def test_other_studies_are_run_all_the_same(evalkit: Evalkit, study: Study, project: Path, case: str) -> None:
    data, text, words = WRONG_DATA[case]
    study(data, text)
    told = evalkit("run", "--all")
    told.refuses(*words)
    assert "A series" in told.out
    assert results(project) == ["other"]


UNTOUCHED: dict[str, bytes] = {
    "Windows line ends": text_of(table()).replace("\n", "\r\n").encode(),
    "byte-order mark": text_of(table()).encode("utf-8-sig"),
    "UTF-16": text_of(table()).encode("utf-16"),
    "dates before 1900": text_of(moved(-200)).encode(),
    "first centuries": text_of(moved(-1900)).encode(),
}


@pytest.mark.parametrize("case", UNTOUCHED)
def test_unusual_data_are_read(evalkit: Evalkit, study: Study, project: Path, case: str) -> None:
    start = {"dates before 1900": "1821-01", "first centuries": '"0121-01"'}.get(case, "2021-01")
    study(UNTOUCHED[case], STUDY.replace("2021-01", start))
    told = evalkit("run", "study")
    assert told.status == 0, told.err
    (analysis,) = json.loads((project / "results/study/result.json").read_text())["analyses"]
    assert (analysis["n_units"], analysis["n_observations"]) == (6, 216)


def test_semicolons_and_utf_16_are_read_when_declared(evalkit: Evalkit, study: Study) -> None:
    text = STUDY.replace("unit: place", "separator: semicolon\n  encoding: utf-16-le\n  unit: place")
    study(text_of(table(), separator=";").encode("utf-16-le"), text)
    assert evalkit("run", "study").status == 0


def test_odd_names_of_columns(evalkit: Evalkit, study: Study) -> None:
    text = STUDY.replace("unit: place", "unit: place name").replace("column: month", 'column: "month [mm]"')
    text = text.replace("column: count", "column: 'all \"harm\", (n)'")
    study(text_of(table(), ["place name", "month [mm]", '"all ""harm"", (n)"', "people"]), text)
    assert evalkit("run", "study").status == 0


def test_names_and_labels_are_shown_and_never_obeyed(evalkit: Evalkit, study: Study, project: Path) -> None:
    name, label = "Tŷ Ŵy <script>alert(1)</script>", '"Niwed ŵŷ 😀 <script>alert(2)</script> \\e[31m"'
    rows = [[row[0].replace("North", name).replace("East", '"O\'Brien ""😀"""'), *row[1:]] for row in table()]
    study(text_of(rows), STUDY.replace("North:", f'"{name}":').replace("label: Harm", f"label: {label}"))
    told = evalkit("run", "study")
    assert told.status == 0, told.err
    assert "niwed ŵŷ 😀" in " ".join(told.out.casefold().split())
    assert "\x1b" not in told.out
    told = evalkit("build", "--engine", "bundled")
    assert told.status == 0, told.err
    pages = {path: path.read_text(encoding="utf-8") for path in (project / "_site").rglob("*.html")}
    assert any("ŵŷ" in page for page in pages.values())
    assert not [path for path, page in pages.items() if "<script>alert" in page]


EXCEL = STUDY.replace("source: csv", "source: excel").replace("rows.csv", "rows.xlsx")


def write_book(path: Path, merge: str = "", dates: bool = False) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for place, month, *numbers in table():
        day: object = datetime.datetime.fromisoformat(f"{month}-01") if dates else month
        sheet.append([place, day, *map(int, numbers)])
    if merge:
        sheet.merge_cells(merge)
    book.save(path)


def test_excel_with_merged_headers(evalkit: Evalkit, study: Study, project: Path) -> None:
    study(None, EXCEL)
    write_book(project / "data" / "rows.xlsx", merge="C1:D1")
    evalkit("run", "study").refuses("header row has merged or empty cells", "unmerge C1:D1", "row 1")
    assert results(project) == []


def test_excel_dates_are_read(evalkit: Evalkit, study: Study, project: Path) -> None:
    study(None, EXCEL)
    write_book(project / "data" / "rows.xlsx", dates=True)
    assert evalkit("run", "study").status == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"place,month\n", os.urandom(999)])
def test_no_workbook(evalkit: Evalkit, study: Study, content: bytes) -> None:
    study(content, EXCEL, "rows.xlsx")
    evalkit("run", "study").refuses("6:9", "data/rows.xlsx", "fetch the file again" if not content else "save it as")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
COUNTS = SERIES % ", ".join(["7", "9"] * 24)
WRONG_STUDIES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": ("", ("1:1", "holds no keys", "evalkit new")),
    "random bytes": (b"\x93\xfa\x00\xd1: {\xff", ("1:1", "is not UTF-8 text", "save it as UTF-8")),
    "control character": (b"evalkit: 1\ntitle: a\x07b", ("2:9", "the control character U+0007")),
    "UTF-16": (STUDY.encode("utf-16"), ("is not UTF-8 text",)),
    "Windows-1252": (STUDY.replace("A study", "Cafés").encode("cp1252"), ("2:11", "is not UTF-8 text")),
    "not YAML": ("a: [", ("is not YAML", "look at indentation")),
    "tab": (STUDY.replace("  source", "\tsource"), ("5:1", "a tab cannot indent YAML")),
    "bomb": (BOMB, ("grows too large when its anchors are followed", "write the values out")),
    "bomb of text": ('a: &a "' + "x" * 900_000 + '"\nb: [*a, *a, *a]\n', ("2:4", "b: grows too large")),
    "deep": ("a: " + "[" * 5000, ("is nested more than 40 deep",)),
    "too many analyses": (
        COUNTS + "sensitivity:\n  - &v {id: x, label: y, design: {season: month}}\n" + "  - *v\n" * 900,
        ("asks for 901 analyses", "at most 500"),
    ),
    "python/object": ("!!python/object:os.system {}\n", ("1:1", "python/object:os.system' is not data", "remove it")),
    "python/object/apply": (
        STUDY.replace("A study", '!!python/object/apply:os.system ["touch owned"]'),
        ("2:8", "a study file cannot run code"),
    ),
    "repeated key": (STUDY + "title: Again\n", ("13:1", "the key stands twice; it is first on line 2; keep one")),
    "digits": (COUNTS.replace("[7,", "[" + "9" * 5000 + ","), ("a number of 5,000 digits",)),
    "leading zeros": (COUNTS.replace("[7,", "[0" + "9" * 5000 + ","), ("a number of 5,001 digits",)),
    "one value of text": (
        COUNTS.replace("[7,", "[seven,"),
        ("1 problem", "7:12", "'seven' is not a number; write a number"),
    ),
    "infinite value": (COUNTS.replace("[7,", "[1e999,"), ("1 problem", "7:12", "is not a finite number")),
    "constant": (SERIES % ", ".join(["7"] * 48), ("Incidents is the same in every period",)),
    "negative": (COUNTS.replace("[7,", "[-7,"), ('value: negative in 1 of 48 cells: row 1 "-7"',)),
    "all zero": (SERIES % ", ".join(["0"] * 48), ("value: every value is 0",)),
    "one period": (SERIES % "7", ("only one period (2018-01)",)),
}


@pytest.mark.parametrize("case", WRONG_STUDIES)
def test_wrong_study_files(evalkit: Evalkit, study: Study, project: Path, case: str) -> None:
    text, words = WRONG_STUDIES[case]
    study(None, text)
    evalkit("run", "--all").refuses("evaluations/study.yaml", *words)
    assert results(project) == ["other"]
    assert not (project / "owned").exists()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_random_study_files(project: Path, content: bytes) -> None:
    path = project / "evaluations" / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(EvalkitError):
        load_spec(path)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(STUDY) - 1), st.binary(min_size=1, max_size=4), st.integers(0, 6))
def test_study_files_with_a_slip(project: Path, at: int, put: bytes, drop: int) -> None:
    (project / "data" / "rows.csv").write_text(text_of(table()))
    path = project / "evaluations" / "study.yaml"
    path.write_bytes(STUDY.encode()[:at] + put + STUDY.encode()[at + drop :])
    problems: tuple[Problem, ...] = ()
    try:
        load_spec(path)
    except EvalkitError as error:
        problems = error.problems
    assert all(problem.file and problem.sentence() for problem in problems)


def test_folders_and_pipes_are_no_data(evalkit: Evalkit, study: Study, project: Path) -> None:
    study(None)
    path = project / "data" / "rows.csv"
    path.mkdir()
    evalkit("run", "study").refuses("data/rows.csv is a folder", "name a file in it")
    path.rmdir()
    os.mkfifo(path)
    evalkit("run", "study").refuses("data/rows.csv is no ordinary file")
    path.unlink()
    path.symlink_to("/etc/hostname")
    evalkit("run", "study").refuses("lies outside the project")


def test_a_folder_is_no_study(evalkit: Evalkit, project: Path) -> None:
    (project / "evaluations" / "study.yaml").mkdir()
    evalkit("run", "study").refuses("evaluations/study.yaml", "is not a file")


def test_a_data_root_that_is_not_there(evalkit: Evalkit, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    study(text_of(table()))
    evalkit("run", "study", "--data", "nowhere").refuses("--data", "'nowhere' is not a folder")
    monkeypatch.setenv("EVALKIT_DATA", "nowhere")
    evalkit("check", "study").refuses("EVALKIT_DATA", "name the folder that holds the data files")


def test_data_that_change_between_check_and_reading(
    evalkit: Evalkit, study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(text_of(table()))
    path = project / "data" / "rows.csv"

    def load_and_change(*arguments: object) -> object:
        spec = load_spec(*arguments)  # type: ignore[arg-type]
        path.write_text(text_of(table(), ["place", "month", "counts", "people"]))
        return spec

    monkeypatch.setattr(releases, "load_spec", load_and_change)
    evalkit("run", "study").refuses("there is no column 'count'; did you mean 'counts'?")
    assert results(project) == []


def test_data_that_change_while_the_study_runs(
    evalkit: Evalkit, study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(text_of(table()))
    from evalkit import gathering

    read = gathering.load

    def read_and_change(*arguments: object) -> object:
        rows = read(*arguments)  # type: ignore[arg-type]
        (project / "data" / "rows.csv").write_text(with_cell(6, 2, "99"))
        return rows

    monkeypatch.setattr(gathering, "load", read_and_change)
    evalkit("run", "study").refuses("data/rows.csv does not fit", "it changed while the study ran", "run again")
    assert results(project) == []


# Where the results go


@pytest.mark.parametrize(("verb", "option"), [("run", "--output"), ("build", "--output"), ("build", "--site")])
def test_a_file_in_place_of_a_folder(evalkit: Evalkit, study: Study, project: Path, verb: str, option: str) -> None:
    study(text_of(table()))
    (project / "taken").write_text("mine")
    told = evalkit(verb, *(["--all"] if verb == "run" else ["--engine", "bundled"]), option, "taken/below")
    told.refuses("taken: 1 problem", "a file stands where a folder is needed", f"with {option}")
    assert (project / "taken").read_text() == "mine"


def test_a_result_that_cannot_be_put_in_place(evalkit: Evalkit, study: Study, project: Path) -> None:
    study(text_of(table()))
    (project / "results").mkdir()
    (project / "results" / "study").write_text("mine")
    told = evalkit("run", "--all")
    told.refuses("results/study, for evaluations/study.yaml", "a file stands where a folder is needed")
    assert results(project) == ["other"]
    (project / "results" / "study").unlink()
    (project / "results" / "study" / "result.json").mkdir(parents=True)
    evalkit("run", "--all").refuses("results/study/result.json, for", "a folder stands where a file is needed")


def after(statement: str) -> tuple[str, ...]:
    """Words before a command that run a Python statement in the process which then becomes the command."""
    code = f"import ctypes, os, resource, sys; {statement}; os.execvp(sys.argv[1], sys.argv[1:])"
    return (sys.executable, "-c", code)


def test_a_full_disk(study: Study, project: Path) -> None:
    study(text_of(table()))
    limit = after("resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))")
    told = process(project, "run", "study", "--jobs", "1", before=limit)
    told.refuses("results/study, for evaluations/study.yaml: 1 problem", "larger than this system allows")
    assert results(project) == []


def may_mount() -> bool:
    """Say whether this machine lets a test mount a disk of its own (root, outside a closed container)."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
    return True


if may_mount():  # elsewhere the limit on file sizes above stands for the full disk

    def test_a_disk_without_space(study: Study, project: Path) -> None:
        study(text_of(table()))
        folder = project / "results"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)], check=True)
        try:
            process(project, "run", "--all").refuses("results/study", "the disk is full", "free some space")
            assert results(project) == []
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
            process(project, "run", "--all").refuses("results: 1 problem", "nothing can be written there", "--output")
        finally:
            subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def without_rights() -> tuple[str, ...]:
    """Words before a command that take root's right to read and write everything away; none for other users."""
    if os.geteuid() != 0:
        return ()
    # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: gone once the process becomes the command.
    return after("drop = ctypes.CDLL(None).prctl; sys.exit('prctl failed') if drop(24, 1) or drop(24, 2) else None")


@pytest.mark.parametrize("source", ["csv", "excel", "parquet"])
def test_data_that_may_not_be_read(study: Study, project: Path, without_rights: tuple[str, ...], source: str) -> None:
    study(text_of(table()), STUDY.replace("source: csv", f"source: {source}"))
    (project / "data" / "rows.csv").chmod(0)
    told = process(project, "check", "study", before=without_rights)
    told.refuses("6:9", "data/rows.csv cannot be read: you are not allowed to", "ask for the rights")


def test_studies_that_may_not_be_read(study: Study, project: Path, without_rights: tuple[str, ...]) -> None:
    study(text_of(table()))
    (project / "evaluations" / "study.yaml").chmod(0)
    told = process(project, "check", before=without_rights)
    told.refuses("evaluations/study.yaml: 1 problem", "cannot be read: you are not allowed to")
    assert "evaluations/other.yaml: no problems" in told.out


def test_results_that_may_not_be_written(study: Study, project: Path, without_rights: tuple[str, ...]) -> None:
    study(text_of(table()))
    project.chmod(0o555)
    told = process(project, "run", "study", before=without_rights)
    told.refuses("results: 1 problem", "nothing can be written there")
    project.chmod(0o755)


# Processes


def test_a_terminal_without_letters(study: Study, project: Path) -> None:
    study(text_of(table()), STUDY.replace("label: Harm", "label: Niwed ŵŷ 😀"))
    told = process(project, "run", "study", env={**os.environ, "PYTHONIOENCODING": "cp1252"}, encoding="cp1252")
    assert told.status == 0, told.err
    assert "Niwed" in told.out
    assert "ŵ" not in told.out


def test_a_reader_that_leaves_early(study: Study, project: Path) -> None:
    study(text_of(table()))
    command = f"'{sys.executable}' -m evalkit run study | true"
    done = subprocess.run(["sh", "-c", command], cwd=project, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert results(project) == ["study"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c(write_study: Write, project: Path, jobs: int) -> None:
    names = [f"study-{number:02d}" for number in range(60)]
    for name in names:
        write_study(name=name)
    with subprocess.Popen(
        [sys.executable, "-m", "evalkit", "run", "--all", "--jobs", str(jobs)], cwd=project, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as running:  # fmt: skip
        until = time.monotonic() + 60
        while not results(project) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all processes at once
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in out + err
    assert err.strip() == "Stopped. What was finished is kept; nothing is half-written."
    assert 0 < len(results(project)) < len(names)
    require_whole(project)
    process(project, "run", "--changed", "--jobs", "2")
    assert results(project) == names


SWALLOWED = """
import os, signal
from evalkit.terminal import Interruption, Progress

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)  # Python prints and drops what is raised in here

Interruption.listen()
Finalised()
print("went on")
Progress().study("study", "run")
print("went on too long")
"""


def test_ctrl_c_that_falls_where_python_ignores_it() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False)
    assert done.stdout == "went on\n"
    assert "Exception ignored" not in done.stderr, "it is written down, and no traceback is shown"
    assert "KeyboardInterrupt" in done.stderr.splitlines()[-1]


LARGE = 200_000_000
MEMORY = 1_500_000_000
SECONDS = 25


def repeated(path: Path, head: bytes, body: bytes) -> None:
    """Write a file of 200 MB; most of it is one piece over and over."""
    with path.open("wb") as stream:
        stream.write(head)
        piece = body * max(1, 4_000_000 // len(body))
        while stream.tell() < LARGE:
            stream.write(piece)


def distinct(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(text_of([]).encode())
        for start in range(0, 5_000_000, 100_000):
            stream.write("".join(f"North,2019-01,{n}.25 is not a number at all,1\n"
                                 for n in range(start, start + 100_000)).encode())  # fmt: skip


HEAD, BODY = text_of([]).encode(), text_of(table()).encode().partition(b"\n")[2]
LARGE_FILES: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "rows": (lambda path: repeated(path, HEAD, BODY), 0, ""),
    "one header": (lambda path: repeated(path, b"", b"a,"), 1, "has a line of more than 1,048,576 characters"),
    "one row": (lambda path: repeated(path, HEAD, b"x"), 1, "has a row of more than 1,048,576 characters"),
    "all different": (distinct, 1, "the column holds more than 2,000,000 different texts"),
}


@pytest.mark.parametrize("case", LARGE_FILES)
def test_a_csv_of_200_megabytes(study: Study, project: Path, case: str) -> None:
    make, status, words = LARGE_FILES[case]
    study(None)
    path = project / "data" / "rows.csv"
    make(path)
    try:
        assert path.stat().st_size > LARGE * 0.9
        limit = after(f"resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))")
        command = [*limit, sys.executable, "-m", "evalkit", "run", "study"]
        with subprocess.Popen(
            command, cwd=project, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as running:
            assert running.stderr is not None
            err = running.stderr.read()
            _, ended, used = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(ended)
    finally:
        path.unlink()
    assert running.returncode == status, err
    assert words in err
    assert "Traceback" not in err
    assert used.ru_maxrss * 1024 < MEMORY
    assert results(project) == ([] if status else ["study"])


def test_memory_that_does_not_suffice(evalkit: Evalkit, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    study(text_of(table()))

    def fills_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(releases, "evaluate", fills_memory)
    evalkit("run", "study").refuses("evaluations/study.yaml: 1 problem", "more memory than there is")


DYING = """
import os, sys
from evalkit import cli, releases

ran = releases.evaluate

def evaluate(spec, *others):
    return os._exit(9) if spec.id == "study" else ran(spec, *others)

releases.evaluate = evaluate
sys.argv = ["evalkit", "run", "--all", "--jobs", "2"]
cli.main()
"""


def test_a_process_that_is_ended_from_outside(study: Study, project: Path) -> None:
    study(text_of(table()))
    done = subprocess.run([sys.executable, "-c", DYING], cwd=project, capture_output=True, text=True, check=False)
    Told(done.returncode, done.stdout, done.stderr).refuses(
        "evaluations/study.yaml: 1 problem", "its process was ended from outside", "--jobs 1"
    )
    require_whole(project)
