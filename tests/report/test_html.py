"""The page: its sections, what it leaves out, what it escapes, and that it needs nothing but itself."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from neurocmc.report.budget import ideal_budget
from neurocmc.report.html import ReportContent, render_report, write_report
from neurocmc.report.loihi.budget import chip_budget
from neurocmc.report.loihi.losses import integer_losses
from neurocmc.report.pictures import Picture
from neurocmc.report.traces import Traces, traces_of
from neurocmc.report.truenorth.budget import core_budget
from neurocmc.report.truenorth.losses import core_losses
from tests.made import by_hand, by_hand_cores
from tests.made.recordings import three_levels
from tests.made.targets import loihi, truenorth

VOID = {"meta", "img", "br"}
HOSTILE = "<script>alert('x')</script>&\"{{ 7 * 7 }}"


class Outline(HTMLParser):
    """Headings and tags of a page; fails on tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def chip_content() -> ReportContent:
    return ReportContent(
        network=by_hand.spiking_network(),
        target=loihi(),
        origin="model.pt",
        origin_sha256="0123abcd" * 8,
        on_host=("encoder: two convolutions",),
        options={"neurons": "3", "code": "threshold"},
        versions={"neurocmc": "0.1.0"},
        edges=by_hand.edges(),
        losses=integer_losses(by_hand.integer_network()),
        budget=chip_budget(by_hand.program(), loihi(), by_hand.load(), by_hand.headroom()),
        pictures=(
            Picture(section="gain", media="image/png", content=b"gain", caption="Gain fits"),
            Picture(section="cores", media="image/png", content=b"cores", caption="Core map"),
            Picture(section="activity", media="image/svg+xml", content=b"activity", caption="Activity"),
            Picture(section="errors", media="image/png", content=b"errors", caption="Errors"),
        ),
    )


def traces() -> Traces:
    found = traces_of(three_levels(), (1, -1))
    assert found is not None
    return found


def test_a_chip_s_report_has_every_section() -> None:
    page = outline(render_report(chip_content()))
    assert page.headings == [
        "Missed budgets and warnings, and what to do",
        "Activity",
        "Stages",
        "Errors by stage, unit and time",
        "Gain fits",
        "Budget",
        "Energy estimate",
        "Synaptic and bit operations",
        "Losses",
        "What was compiled",
    ]
    text = re.sub(r"\s+", " ", " ".join(page.text))
    for wanted in (
        "0123abcd" * 8,
        "encoder: two convolutions",
        "3 pass",
        "1 miss",
        "1 not run",
        "6.1 % of range",
        "Cores used: 2 of 128",
        "Not proved for 1 of 3 populations (c, 150 % of the current",
        "-5..12,582,912",
        "150.0",
        "-0.58 (current)",
        "819 pJ",
        "104 µJ",
        "pre-silicon estimates",
        "written by hand",
        "mesh coordinates",
        "0.75",
        "0.72",
    ):
        assert wanted in text, wanted


def test_a_report_of_neurosynaptic_cores() -> None:
    program = by_hand_cores.core_program()
    content = replace(
        chip_content(),
        target=truenorth(),
        losses=core_losses(program),
        budget=core_budget(program, truenorth(), by_hand_cores.core_load()),
    )
    page = outline(render_report(content))
    assert page.headings[-4:] == [
        "Energy estimate",
        "Synaptic and bit operations",
        "Losses on cores",
        "What was compiled",
    ]
    text = re.sub(r"\s+", " ", " ".join(page.text))
    for wanted in (
        "Cores used: 3 of 4,096",
        "no placement can use fewer than 1",
        "crossbar [set bits]",
        "268,435,456",
        "Proved: no potential leaves its register",
        "-43",
        "141 %",
        "64.4 µJ",
        "1.04 nJ",
        "hops of spikes",
        "must not be added up",
        "do not add them up",
        "units pool filter bias copy splitter cores",
        "0.49",
        "1.41 %",
        "0..1",
    ):
        assert wanted in text, wanted


def test_an_ideal_target_s_report_leaves_out_what_it_has_not() -> None:
    content = replace(
        chip_content(),
        target=by_hand.ideal(),
        losses=None,
        edges=(),
        pictures=(),
        budget=ideal_budget(by_hand.spiking_network(), by_hand.ideal()),
    )
    page = outline(render_report(content))
    assert page.headings == ["Gain fits", "Budget", "What was compiled"]
    assert "img" not in {tag for tag, _ in page.tags}
    assert "pJ" not in " ".join(page.text)


def test_names_from_files_are_escaped() -> None:
    content = replace(
        chip_content(),
        network=by_hand.spiking_network(name=HOSTILE, population=HOSTILE),
        origin=HOSTILE,
        on_host=(HOSTILE,),
        options={HOSTILE: HOSTILE},
        edges=tuple(replace(edge, name=HOSTILE, worst=HOSTILE, note=HOSTILE) for edge in by_hand.edges()),
        pictures=(Picture(section="gain", media="image/png", content=b"x", caption=HOSTILE),),
    )
    text = render_report(content)
    page = outline(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "alert('x')</script>" not in text
    assert "".join(page.text).count(HOSTILE) > 10
    captions = [attributes["alt"] for tag, attributes in page.tags if tag == "img"]
    assert captions == [HOSTILE]


def test_the_page_needs_nothing_but_itself() -> None:
    page = outline(render_report(chip_content()))
    assert not {"link", "iframe"} & {tag for tag, _ in page.tags}
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert len(sources) == 4
    assert all((source or "").startswith("data:image/") for source in sources)
    assert all((attributes["href"] or "").startswith("#") for tag, attributes in page.tags if tag == "a")
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)


def test_the_policy_allows_the_page_s_own_style_and_script_alone() -> None:
    text = render_report(replace(chip_content(), traces=traces()))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    allowed = dict(part.strip().split(" ", 1) for part in unescape(policy[1]).split(";"))
    assert allowed["default-src"] == "'none'"
    assert allowed["img-src"] == "data:"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(content) == 1
        assert allowed[rule] == f"'sha256-{b64encode(sha256(content[0].encode()).digest()).decode()}'"


def test_contents_list_every_heading() -> None:
    text = render_report(replace(chip_content(), traces=traces()))
    listed = re.findall(r'<li><a href="#([^"]+)">(.*?)</a></li>', text)
    assert [title for _, title in listed] == outline(text).headings
    assert all(f'id="{name}"' in text for name, _ in listed)


def test_what_is_said_first() -> None:
    first = outline(render_report(chip_content())).text
    told = " ".join(" ".join(first).split())
    assert "Missed: 1 of 4 budgets. rate ~ emulator: NRMSE of rates." in told
    kept = replace(chip_content(), edges=tuple(edge for edge in by_hand.edges() if edge.verdict == "pass"))
    assert "Passed. All 3 budgets are kept." in " ".join(" ".join(outline(render_report(kept)).text).split())
    assert "Not verified yet." in " ".join(outline(render_report(replace(chip_content(), edges=()))).text)


def test_a_miss_says_what_it_means_and_its_cure() -> None:
    told = " ".join(" ".join(outline(render_report(chip_content())).text).split())
    assert "A miss means: the second level does not compute the same activity as the first." in told
    assert "Cure: compile with more neurons per unit" in told
    cured = tuple(replace(edge, cure="compile with --neurons 32") for edge in by_hand.edges())
    told = " ".join(" ".join(outline(render_report(replace(chip_content(), edges=cured))).text).split())
    assert "Cure: compile with --neurons 32." in told


def test_trials_are_drawn_before_the_script_and_named_for_it() -> None:
    text = render_report(replace(chip_content(), traces=traces()))
    page = outline(text)
    drawn = [held.get("class") or "" for tag, held in page.tags if tag == "polyline"]
    assert sum(look.startswith("u") for look in drawn) == 6 + 2  # two units on three levels, and their keys
    assert sum(look.startswith("l") for look in drawn) == 3 + 2 + 2  # keys of levels, errors and their keys
    options = [data for data in page.text if data in ("trial 0, label 1", "trial 1", "a", "b")]
    assert options[:4] == ["trial 0, label 1", "trial 1", "a", "b"]
    source = re.search(r'<script type="application/json" id="traces">(.*?)</script>', text, re.DOTALL)
    assert source is not None
    data = json.loads(source[1])
    assert [level["name"] for level in data["levels"]] == ["rate", "brian2", "emulator"]
    assert len(data["levels"][0]["activity"]["a"][0][0]) == len(data["times_ms"]) == 20


def test_pictures_stand_in_their_section() -> None:
    text = render_report(chip_content())
    places = [text.index(f'<h2 id="{name}">') for name in ("activity", "errors", "gains", "budget", "energy")]
    pictures = [text.index(f'alt="{caption}"') for caption in ("Activity", "Errors", "Gain fits", "Core map")]
    assert sorted(places + pictures) == [place for pair in zip(places, pictures, strict=False) for place in pair] + [
        places[-1]
    ]


def test_same_content_same_bytes(tmp_path: Path) -> None:
    write_report(tmp_path / "first.html", chip_content())
    turned = replace(chip_content(), options={"code": "threshold", "neurons": "3"})
    write_report(tmp_path / "second.html", turned)
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()


def test_a_picture_of_no_section_is_refused() -> None:
    lost = Picture(section="nowhere", media="image/png", content=b"", caption="")
    with pytest.raises(ValueError, match="'nowhere'"):
        render_report(replace(chip_content(), pictures=(lost,)))
