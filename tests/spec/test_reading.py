"""Reading YAML: plain data with places; everything that is not data is refused with line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec.reading import read_yaml


def problems(text: str | bytes) -> list:
    with pytest.raises(SpecError) as caught:
        read_yaml(text, "study.yaml")
    return list(caught.value.problems)


def test_plain_data_keep_their_places() -> None:
    document = read_yaml("a: 1\nb:\n  - x\n  - {c: 2.5}\n", "study.yaml")
    assert document.data == {"a": 1, "b": ["x", {"c": 2.5}]}
    assert (document.keys[("b",)].line, document.keys[("b",)].column) == (2, 1)
    assert (document.values[("b", 1, "c")].line, document.values[("b", 1, "c")].column) == (4, 9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("NO", "NO"), ("true", True), ("False", False),
        ("1e3", 1000.0), ("1.5e-2", 0.015), ("2013-02-01", "2013-02-01"), ("2013-02", "2013-02"),
        ("1:30", "1:30"), ("~", None), ("null", None), ("", None), ("'012'", "012"), ("0", 0), ("-7", -7),
        ("1_000", 1000), ("0x1F", "0x1F"), (".5", 0.5), ("'1e3'", "1e3"), ('"true"', "true"), (".inf", ".inf"),
    ],
)  # fmt: skip
def test_traps_of_yaml_are_read_one_way(text: str, value: object) -> None:
    found = read_yaml(f"key: {text}\n", "study.yaml").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_leading_zero_is_named_with_both_mends() -> None:
    (problem,) = problems("code: 012\n")
    assert (problem.line, problem.column) == (1, 7)
    assert '"012" in quotes' in problem.mend
    assert "12" in problem.mend


def test_duplicate_keys_are_all_reported_with_the_first_line() -> None:
    found = problems("a: 1\nb: 2\na: 3\nb: 4\n")
    assert [(p.line, p.where) for p in found] == [(3, "a"), (4, "b")]
    assert "first on line 1" in found[0].message


@pytest.mark.parametrize(
    "tag",
    ["!!python/object:os.system {}", "!!python/name:os.system", "!custom x", "!!str 5", "!!set {a}", "!!binary aGk=",
     "!!timestamp 2001-01-01"],
)  # fmt: skip
def test_tags_are_not_data(tag: str) -> None:
    (problem, *_) = problems(f"a: 1\nkey: {tag}\n")
    assert problem.line == 2
    assert "is not data" in problem.message


def test_anchors_within_bounds_are_followed() -> None:
    assert read_yaml("a: &x {k: 1}\nb: *x\n", "study.yaml").data == {"a": {"k": 1}, "b": {"k": 1}}


def test_a_bomb_of_anchors_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (problem, *_) = problems("\n".join(lines))
    assert "grows too large" in problem.message


def test_an_anchor_that_holds_itself_is_refused() -> None:
    (problem, *_) = problems("a: &a [*a]\n")
    assert "grows too large" in problem.message


def test_merge_keys_and_odd_keys_are_refused() -> None:
    found = problems("base: &b {x: 1}\nkey:\n  <<: *b\n? [a, b]\n: 1\n")
    assert [p.line for p in found] == [3, 4]


@pytest.mark.parametrize("text", ["", "   \n# only a comment\n", "- a\n- b\n", "just words"])
def test_a_file_without_keys_says_how_to_start(text: str) -> None:
    (problem,) = problems(text)
    assert "evalkit new" in problem.mend


def test_syntax_errors_name_line_column_and_mend() -> None:
    (problem,) = problems("a: 1\ntitle: seat belts: a law\n")
    assert problem.line == 2
    assert "quotes" in problem.mend
    (tab,) = problems("a:\n\tb: 1\n")
    assert tab.line == 2
    assert "spaces" in tab.mend


def test_not_utf8_names_the_line() -> None:
    (problem,) = problems(b"a: 1\nb: caf\xe9\n")
    assert problem.line == 2
    assert "UTF-8" in problem.message


def test_a_byte_order_mark_is_harmless() -> None:
    assert read_yaml(b"\xef\xbb\xbfa: 1\n", "study.yaml").data == {"a": 1}


def test_deep_nesting_is_refused() -> None:
    assert problems("a: " + "[" * 3000 + "]" * 3000)
    assert problems("a: " + "[" * 200_000)


def test_a_huge_file_is_refused() -> None:
    (problem,) = problems("a: " + "x" * 2_100_000)
    assert "larger than" in problem.message


def outcome_of(content: str | bytes) -> str:
    """Say what reading gives; anything but data or problems that name the file is raised or told."""
    try:
        read_yaml(content, "study.yaml")
    except SpecError as error:
        named = error.problems and all(problem.file == "study.yaml" for problem in error.problems)
        return "named problems" if named else "problems without a file"
    return "data"


@given(st.binary(max_size=300))
def test_random_bytes_give_data_or_a_named_problem(content: bytes) -> None:
    assert outcome_of(content) in ("data", "named problems")


@given(st.text(max_size=200))
def test_random_text_gives_data_or_a_named_problem(content: str) -> None:
    assert outcome_of(content) in ("data", "named problems")
