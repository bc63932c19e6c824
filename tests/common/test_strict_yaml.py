"""Bad YAML gets the message we promise: file, line, field, what is wrong, what it was, and a cure."""

import math
import re
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError, InputError
from neurocmc.common.opening import YAML
from neurocmc.common.strict_yaml import StrictModel, load_model, parse_document, parse_model


class Rule(StrictModel):
    pattern: Literal["one-to-one", "all-to-all"]
    value: float


class Chip(StrictModel):
    compartments_per_core: Annotated[int, Field(ge=1)] = 1
    tick_s: float = 1e-3
    title: str = ""
    verified: bool = True
    weight: float | tuple[tuple[float, ...], ...] | Rule = 0.0
    rules: dict[str, Rule] = Field(default_factory=dict)
    sizes: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    source: str | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _whole(self) -> "Chip":
        if self.compartments_per_core == 13:
            raise FieldError("thirteen compartments bring bad luck", "give 12, or 14")
        return self


class Board(StrictModel):
    chips: Annotated[tuple[Chip, ...], Field(min_length=1)]


class Needy(StrictModel):
    name: str
    cores: int


def message(text: str, model: type[StrictModel] = Chip) -> str:
    with pytest.raises(InputError) as caught:
        parse_model(text, "chip.yaml", model)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_list_of_bad_entries_is_not_called_too_short() -> None:
    assert message("chips:\n- title: a\n- verified: 3\n", Board) == (
        "chip.yaml:3: chips[1].verified: should be true or false (got 3) [field-wrong]\n"
        "    cure: write true or false, without quotes"
    )
    assert message("chips:\n- verified: 3\n", Board) == (
        "chip.yaml:2: chips[0].verified: should be true or false (got 3) [field-wrong]\n"
        "    cure: write true or false, without quotes"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "title: a\ncompartments_per_cor: 4\n",
            "chip.yaml:2: compartments_per_cor: unknown field (got 4) [field-unknown]"
            "\n    cure: did you mean compartments_per_core?",
        ),
        (
            "\n\ncompartments_per_core: many\n",
            "chip.yaml:3: compartments_per_core: should be a valid integer (got 'many')"
            " [field-wrong]\n    cure: write a whole number, without quotes",
        ),
        (
            "compartments_per_core: 0\n",
            "chip.yaml:1: compartments_per_core: should be greater than or equal to 1 (got 0)"
            " [field-wrong]\n    cure: give 1 or more",
        ),
        (
            "compartments_per_core: 1.5\n",
            "chip.yaml:1: compartments_per_core: should be a valid integer (got 1.5)"
            " [field-wrong]\n    cure: write a whole number, without quotes",
        ),
        (
            "compartments_per_core: true\n",
            "chip.yaml:1: compartments_per_core: should be a valid integer (got True)"
            " [field-wrong]\n    cure: write a whole number, without quotes",
        ),
        (
            "title: 3\n",
            "chip.yaml:1: title: should be text (got 3)"
            " [field-wrong]\n    cure: write text, in quotes where it looks like a number",
        ),
        (
            "title:\n",
            "chip.yaml:1: title: should be text (got None)"
            " [field-wrong]\n    cure: write text, in quotes where it looks like a number",
        ),
        (
            "verified: yes\n",
            "chip.yaml:1: verified: should be true or false (got 'yes')"
            " [field-wrong]\n    cure: write true or false, without quotes",
        ),
        (
            "tick_s: 1:30\n",
            "chip.yaml:1: tick_s: should be a valid number (got '1:30') [field-wrong]"
            "\n    cure: write a number, without quotes",
        ),
        (
            "tick_s: .nan\n",
            "chip.yaml:1: tick_s: should be a finite number (got nan) [field-wrong]\n    cure: write a finite number",
        ),
        (
            "tick_s: 1e999\n",
            "chip.yaml:1: tick_s: should be a finite number (got inf) [field-wrong]\n    cure: write a finite number",
        ),
        (
            "rules: []\n",
            "chip.yaml:1: rules: should be a mapping (got []) [field-wrong]"
            "\n    cure: write its fields, each as `name: value`",
        ),
        (
            "sizes: 4\n",
            "chip.yaml:1: sizes: should be a list (got 4) [field-wrong]\n    cure: write a list, such as [1, 2]",
        ),
        (
            "sizes: []\n",
            "chip.yaml:1: sizes: should have at least 1 item, not 0 (got []) [field-wrong]"
            "\n    cure: give at least 1",
        ),
        (
            "sizes:\n- 1\n- two\n",
            "chip.yaml:3: sizes[1]: should be a valid integer (got 'two')"
            " [field-wrong]\n    cure: write a whole number, without quotes",
        ),
        (
            "weight: yes\n",
            "chip.yaml:1: weight: should be a valid number or a list or a mapping (got 'yes')"
            " [field-wrong]"
            "\n    cure: write a number, without quotes, or write a list, such as [1, 2], or write its fields, "
            "each as `name: value`",
        ),
        (
            "weight: [[1, 2],\n  [3, x]]\n",
            "chip.yaml:2: weight[1][1]: should be a valid number (got 'x') [field-wrong]"
            "\n    cure: write a number, without quotes",
        ),
        (
            "weight:\n  pattern: one-to-on\n  value: 1\n",
            "chip.yaml:2: weight.pattern: should be 'one-to-one' or 'all-to-all' (got 'one-to-on') [field-wrong]\n"
            "    cure: did you mean one-to-one?",
        ),
        (
            "rules:\n  a: {pattern: all-to-all, value: 1}\n"
            "  b:\n    patern: all-to-all\n    pattern: all-to-all\n    value: 1",
            "chip.yaml:4: rules.b.patern: unknown field (got 'all-to-all') [field-unknown]"
            "\n    cure: did you mean pattern?",
        ),
        ("frm: x\n", "chip.yaml:1: frm: unknown field (got 'x') [field-unknown]\n    cure: did you mean from?"),
        (
            "compartments_per_core: 13\n",
            "chip.yaml:1: thirteen compartments bring bad luck (got {'compartments_per_core': 13})"
            " [field-inconsistent]\n    cure: give 12, or 14",
        ),
        (
            "title: a\ntitle: b\n",
            "chip.yaml:2: title: the field occurs twice (first on line 1) [field-twice]\n    cure: keep one of them",
        ),
        (
            "rules:\n  a: {pattern: all-to-all, pattern: one-to-one, value: 1}\n",
            "chip.yaml:2: rules.a.pattern: the field occurs twice (first on line 2) [field-twice]"
            "\n    cure: keep one of them",
        ),
        (
            "a: &x 1\nb: *x\n",
            "chip.yaml:1: anchors (&x) are not allowed [yaml-not-allowed]\n    cure: write the value out in full",
        ),
        (
            "b: *x\n",
            "chip.yaml:1: aliases (*x) are not allowed [yaml-not-allowed]\n    cure: write the value out in full",
        ),
        (
            "<<: {title: a}\n",
            "chip.yaml:1: merge keys (<<) are not allowed [yaml-not-allowed]\n    cure: write the fields out in full",
        ),
        (
            "title: !!python/name:os.system x\n",
            "chip.yaml:1: the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed [yaml-not-allowed]\n"
            "    cure: write a plain value",
        ),
        (
            "? [1]\n: 2\n",
            "chip.yaml:1: a key must be a plain name [yaml-not-allowed]\n    cure: put the name before a colon",
        ),
        (
            "title: " + "[" * 99,
            "chip.yaml:1: nested deeper than 32 levels [yaml-not-allowed]\n    cure: write the value out in full",
        ),
        (
            "tick_s: " + "1" * 99,
            "chip.yaml:1: tick_s: a number of 99 digits [yaml-not-allowed]\n    cure: give at most 40",
        ),
        ("", "chip.yaml:1: is empty [file-empty]\n    cure: it must hold at least a `name`"),
        ("# only a comment\n", "chip.yaml:1: is empty [file-empty]\n    cure: it must hold at least a `name`"),
        (
            "\n- 1\n",
            "chip.yaml:2: a mapping (`field: value`) is needed at the top"
            " [not-a-mapping]\n    cure: write each field as `name: value`",
        ),
        (
            "a: 1\nb: [1,\n",
            "chip.yaml:3: not well-formed YAML: while parsing a flow node expected the node content, but found "
            "'<stream end>' [yaml-malformed]\n    cure: check indentation, colons and quotes",
        ),
        (
            "a: 1\n b: 2\n",
            "chip.yaml:2: not well-formed YAML: mapping values are not allowed here [yaml-malformed]\n"
            "    cure: check indentation, colons and quotes",
        ),
        (
            "title: a\n---\ntitle: b\n",
            "chip.yaml:2: not well-formed YAML: expected a single document in the stream but found another document"
            " [yaml-malformed]\n"
            "    cure: check indentation, colons and quotes",
        ),
        (
            "title: a\ntick_s: \x00\n",
            "chip.yaml:2: holds a character that YAML does not allow (U+0000) [yaml-malformed]\n    cure: remove it",
        ),
    ],
)
def test_message(text: str, expected: str) -> None:
    assert message(text) == expected


def test_all_faults_come_at_once_in_order_of_lines() -> None:
    assert message("title: 3\nsizes: no\ntick: 1\n").splitlines() == [
        "chip.yaml:1: title: should be text (got 3) [field-wrong]",
        "    cure: write text, in quotes where it looks like a number",
        "chip.yaml:2: sizes: should be a list (got 'no') [field-wrong]",
        "    cure: write a list, such as [1, 2]",
        "chip.yaml:3: tick: unknown field (got 1) [field-unknown]",
        "    cure: did you mean tick_s?",
    ]


def test_missing_fields_point_at_what_lacks_them() -> None:
    assert message("core: 3\n", Needy) == (
        "chip.yaml:1: name: is missing [field-missing]\n    cure: add it\n"
        "chip.yaml:1: cores: is missing [field-missing]\n    cure: add it\n"
        "chip.yaml:1: core: unknown field (got 3) [field-unknown]\n    cure: did you mean cores?"
    )


def test_many_faults_fit_a_screen() -> None:
    with pytest.raises(InputError) as caught:
        parse_model("sizes: [" + "x, " * 500 + "x]", "chip.yaml", Chip)
    assert len(caught.value.problems) == 21
    assert "481 more errors are not shown" in str(caught.value)


def test_long_values_are_cut_short() -> None:
    assert "yyy...) [field-wrong]\n" in message("sizes: " + "y" * 500)


def test_numbers_that_yaml_1_1_misreads() -> None:
    text = "tick_s: 1e-3\ncompartments_per_core: 010\nweight: -.5E+2\ntitle: on"
    chip = parse_model(text, "chip.yaml", Chip)
    assert chip == Chip(tick_s=1e-3, compartments_per_core=10, weight=-50.0, title="on")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_as_itself(value: float) -> None:
    assert parse_model(f"tick_s: {value!r}", "chip.yaml", Chip).tick_s == value


# PyYAML's writer folds the rarer line separators away, so a test that writes with it leaves them out.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")) | st.just("\n"), max_size=12)


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | TEXTS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(lambda t: t != "<<"), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_a_yaml_writer_writes_is_read_back(value: object) -> None:
    class _NoAliases(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    text = yaml.dump({"value": value}, Dumper=_NoAliases, allow_unicode=True)
    assert parse_document(text, "a.yaml").data["value"] == value


@given(st.text(max_size=200) | st.text("ab:-[]{},#&*!|>'\"%@`? \n\t.1", max_size=60))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    try:
        wheres = [f"any.yaml:{line}" for line in parse_document(text, "any.yaml").lines.values()]
    except InputError as error:
        wheres = [problem.where for problem in error.problems]
    assert wheres
    assert all(re.fullmatch(r"any\.yaml:[1-9][0-9]*", where) for where in wheres)


def test_infinity_only_where_a_schema_takes_it() -> None:
    class Open(StrictModel):
        limit: Annotated[float, Field(allow_inf_nan=True)]

    assert parse_model("limit: .inf", "a.yaml", Open).limit == math.inf


def test_lines_of_nested_fields() -> None:
    document = parse_document("a:\n  b:\n    - 1\n    - c: 2\n", "a.yaml")
    assert document.where("a", "b", 1, "c") == "a.yaml:4"
    assert document.where("a", "b", 0) == "a.yaml:3"
    assert document.where("a", "nothing") == "a.yaml:1"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    cases = {
        "none.yaml": ("no such file [file-missing]", "check the path"),
        "big.yaml": (
            "holds more than 1,048,576 bytes, the limit for a YAML file [file-too-large]",
            "give large arrays as a checkpoint or .npz instead",
        ),
        "folder.yaml": ("is a directory, a YAML file is needed [not-a-regular-file]", "name the file in it"),
    }
    (tmp_path / "big.yaml").write_bytes(b"#" * (YAML.max_bytes + 1))
    (tmp_path / "folder.yaml").mkdir()
    for name, (what, cure) in cases.items():
        path = tmp_path / name
        with pytest.raises(InputError) as caught:
            load_model(path, Chip)
        assert str(caught.value) == f"{path}: {what}\n    cure: {cure}"


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("title: a\ntick_s: é".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        load_model(path, Chip)
    (problem,) = caught.value.problems
    assert (problem.id, problem.where) == ("file-not-utf8", f"{path}:2")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_text("\ufefftitle: a\n", encoding="utf-8")
    assert load_model(path, Chip).title == "a"
