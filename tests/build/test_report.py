"""`modelworks report`: states, sums, the critical path and the savings, and a page that needs nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from modelworks.build import graph_svg, lineage, overview, quantities, report
from modelworks.build.layered import layout
from modelworks.build.lineage import LineageError
from modelworks.build.overview import Job, Overview, OverviewError
from modelworks.build.plan import Step
from modelworks.build.report import Head
from modelworks.build.tally import rows
from snakemake_executor_plugin_dvc import lockyaml
from snakemake_executor_plugin_dvc.ledger import Ledger
from tests.build.repository import PROJECT, RULES, Repository

HERE = "/w"
PRICES = {"cpu": 0.5, "gpu": 4.0}
HEAD = Head(HERE, "c0ffee+", "2030-01-09T12:00:00Z", (), "USD")
# a -> b, c -> d: the path through c takes longest.
DIAMOND = {"a": ["in.txt"], "b": ["a.out"], "c": ["a.out", "code/c.json"], "d": ["b.out", "c.out"]}
SECONDS = {"a": 3600.0, "b": 900.0, "c": 1800.0, "d": 36.0}
DEVICES = {"c": "NVIDIA H100"}
VOID = {"meta", "link", "br", "hr", "img", "input"}


def job(name: str, deps: list[str], step: Step | None = None, rule: str | None = None) -> Job:
    return Job(name, rule or name, tuple(deps), (f"{name}.out",), step)


def entry(name: str, deps: list[str]) -> dict[str, object]:
    """A stage as dvc.lock has it."""
    outs = [{"path": f"{name}.out", "hash": "md5", "md5": "1" * 32, "size": 1}]
    return {"cmd": f"make {name}", "deps": [{"path": d, "hash": "md5", "md5": "0" * 32} for d in deps], "outs": outs}


class Planted:
    """A cache with a ledger that tests write line by line."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.ledger = Ledger(cache)

    def ran(
        self, name: str, started: str = "2030-01-01T00:00:00Z", workspace: str | None = HERE, **other: object
    ) -> None:
        """A run of a stage of the diamond."""
        record = {
            "key": lineage.key(entry(name, DIAMOND[name])), "rule": name, "wildcards": {}, "started": started,
            "wall_s": SECONDS[name], "cpu_s": SECONDS[name] / 2, "peak_bytes": 10**6 * ord(name), "host": "h",
            "device": DEVICES.get(name, "cpu"), "succeeded": True, "workspace": workspace, **other,
        }  # fmt: skip
        path = self.cache / "memo/ledger/1.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def restored(self, names: str, day: int, workspace: str = HERE) -> None:
        """A build at noon that restored stages of the diamond."""
        path = self.cache / f"memo/restored/203001{day:02}T120000-h-{len(names)}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        keys = [lineage.key(entry(name, DIAMOND[name])) for name in names]
        path.write_text(json.dumps({"workspace": workspace, "keys": keys}) + "\n")

    def overview(self, **steps: Step) -> Overview:
        """The diamond, built, with what the plan says of some of its stages."""
        jobs = [job(name, deps, steps.get(name)) for name, deps in DIAMOND.items()]
        return overview.of(jobs, {name: entry(name, deps) for name, deps in DIAMOND.items()}, self.ledger, HERE, PRICES)


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """Everything was run here."""
    made = Planted(tmp_path / "cache")
    for name in DIAMOND:
        made.ran(name)
    return made


class Page(HTMLParser):
    """Parses a page: every tag is closed in its turn; rows of the table, texts of titles, attributes by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []
        body = text.partition("<tbody")[2].partition("</tbody>")[0]
        self.states = {
            name: re.findall(r'<span class="state (\w+)">', cells)
            for name, cells in re.findall(r"<th [^>]*>([^ <]+)(.*?)</tr>", body, re.DOTALL)
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)


def test_the_critical_path_of_a_diamond_and_every_sum_are_exact(planted: Planted) -> None:
    found = planted.overview()
    assert found.critical == ("a", "c", "d")
    assert {name for name, stage in found.stages.items() if stage.critical} == {"a", "c", "d"}
    assert (found.critical_seconds, found.seconds) == (5436.0, 6336.0)
    money = {name: stage.cost.money for name, stage in found.stages.items()}
    assert money == {"a": 0.5, "b": 0.125, "c": 2.0, "d": 0.005}
    (row,) = rows([stage for stage in found.stages.values()], by_rule=False)[:1]
    assert (row.name, row.critical) == ("a", 1)
    everything = rows(found.stages.values())
    assert [row.cost.peak_bytes for row in everything] == [10**6 * ord(name) for name in found.stages]
    assert (found.graph.raw.keys(), len(found.graph.edges)) == ({"in.txt", "code/c.json"}, 6)


def test_rows_by_rule_add_up_their_stages(planted: Planted) -> None:
    jobs = [job(name, deps, rule="both" if name in "bc" else name) for name, deps in DIAMOND.items()]
    built = {name: entry(name, deps) for name, deps in DIAMOND.items()}
    planted.restored("bc", 1)
    planted.restored("c", 2, workspace="/elsewhere")
    found = overview.of(jobs, built, planted.ledger, HERE, PRICES)
    row = next(row for row in rows(found.stages.values(), by_rule=True) if row.name == "both")
    assert (row.cost.seconds, row.cost.cpu_seconds, row.cost.money, row.cost.restores) == (2700.0, 1350.0, 2.125, 3)
    assert (row.cost.device, row.cost.peak_bytes, row.critical) == ("NVIDIA H100, cpu", 99 * 10**6, 1)
    assert row.saved == 0.125 + 2 * 2.0
    assert row.states == {"restored": 2}


def test_the_last_thing_that_happened_here_is_the_state(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "cache")
    planted.ran("a", "2030-01-02T00:00:00Z")
    planted.ran("a", "2030-01-08T00:00:00Z", workspace="/elsewhere")  # the last run, but not here
    planted.ran("b", "2030-01-02T00:00:00Z")
    planted.ran("c", "2030-01-02T00:00:00Z", workspace="/elsewhere")
    planted.ran("d", "2030-01-04T00:00:00Z")
    planted.ran("d", "2030-01-05T00:00:00Z", succeeded=False)
    planted.restored("bd", 3)
    planted.restored("c", 3, workspace="/elsewhere")
    states = {name: (stage.state, stage.reason) for name, stage in planted.overview().stages.items()}
    assert states == {
        "a": ("ran", "on 2030-01-02 00:00 UTC"),
        "b": ("restored", "by the build of 2030-01-03 12:00 UTC"),
        "c": ("unknown", "no build in this workspace has noted how it came here"),
        "d": ("ran", "on 2030-01-04 00:00 UTC"),
    }


def test_a_restore_in_the_second_in_which_a_job_ran_is_the_later_one(planted: Planted) -> None:
    planted.ran("a", "2030-01-03T12:00:00Z")
    planted.restored("a", 3)
    assert planted.overview().stages["a"].state == "restored"


def test_records_from_before_workspaces_were_noted_give_costs_and_no_state(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "cache")
    planted.ran("a", workspace=None)
    stage = planted.overview().stages["a"]
    assert (stage.state, stage.cost.money) == ("unknown", 0.5)


def test_what_a_build_would_do_makes_a_stage_stale_for_that_reason(planted: Planted) -> None:
    steps = {
        "b": Step("b", "b", "run", "not in the cache", 1.0, False),
        "c": Step("c", "c", "restore", "in the cache", 1.0, False),
        "d": Step("d", "d", "perhaps", "b would run, and may make something else", 1.0, False),
    }
    found = planted.overview(**steps).stages
    assert {name: stage.state for name, stage in found.items()} == {
        "a": "ran",
        "b": "stale",
        "c": "stale",
        "d": "stale",
    }
    assert [found[name].reason for name in "bcd"] == [
        "would run: not in the cache",
        "would be restored: in the cache",
        "would perhaps run: b would run, and may make something else",
    ]


def test_savings_add_up_build_by_build_and_only_here(planted: Planted) -> None:
    planted.restored("abc", 2)
    planted.restored("d", 3, workspace="/elsewhere")
    planted.restored("cd", 4)
    found = planted.overview()
    assert [(saving.started, saving.restores, saving.seconds, saving.money) for saving in found.savings] == [
        ("2030-01-02T12:00:00Z", 3, 6300.0, 2.625),
        ("2030-01-04T12:00:00Z", 5, 8136.0, 4.63),
    ]
    assert found.began == "2030-01-01T00:00:00Z"
    text = report.page(found, HEAD)
    assert "Time saved: 2 h 16 min after 2 builds" in text
    assert "Money saved: 4.63 USD after 2 builds" in text


def test_without_a_restore_the_page_says_so_and_without_a_record_too(tmp_path: Path) -> None:
    found = Planted(tmp_path / "cache").overview()
    assert found.critical == ()
    text = report.page(found, HEAD)
    assert "No build in this workspace has restored anything yet." in text
    assert "4 stages have no record of a run in the ledger and count for nothing." in text
    assert Page(text).states == {name: ["unknown"] for name in "abcd"}


def test_nothing_built_yet_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        OverviewError, match=r"^/w: nothing of this is built yet, .* Build first: snakemake --directory /w$"
    ):
        overview.of([job("a", ["in.txt"])], {"other": entry("other", ["x"])}, Ledger(tmp_path), HERE, PRICES)
    repository = Repository(tmp_path / "the root", git=False)
    done = repository.run("modelworks", "report", check=False)
    assert done.returncode == 1
    assert done.stderr.endswith(f"Build first: snakemake --directory '{repository.root}'\n")
    assert not (repository.root / "modelworks-report.html").exists()


@pytest.mark.parametrize("name", ["ran", "stale"])
def test_the_page_is_whole_and_asks_for_nothing(planted: Planted, name: str) -> None:
    step = Step("d", "d", "run", "not in the cache", 1.0, False)
    planted.restored("ab", 2)
    text = report.page(planted.overview(**({"d": step} if name == "stale" else {})), HEAD)
    page = Page(text)
    assert ("meta", "name", "viewport") in page.attributes
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes
    assert page.text["title"][0] == "Build report: /w"
    assert page.states == {"a": ["restored"], "b": ["restored"], "c": ["ran"], "d": [name]}
    loads = [
        value for _, attribute, value in page.attributes if attribute in ("src", "href", "srcset", "data", "action")
    ]
    assert loads == ["data:,"], "the empty icon, so that none is asked for"
    assert not re.search(r"https?:|//\w|url\(|@import|<script", text)
    tags = [tag for tag, _, _ in page.attributes]
    assert {"scope"} <= {attribute for tag, attribute, _ in page.attributes if tag == "th"}
    assert tags.count("svg") >= 3
    assert all(
        ("svg", attribute) in {(tag, one) for tag, one, _ in page.attributes} for attribute in ("role", "aria-label")
    )


def test_the_drawing_tells_states_in_words_the_reason_on_hover_and_the_critical_path(planted: Planted) -> None:
    step = Step("d", "d", "run", "not in the cache", 1.0, False)
    text = report.page(planted.overview(d=step), HEAD)
    drawing = xml.etree.ElementTree.fromstring(re.findall(r"<svg.*?</svg>", text, re.DOTALL)[0])
    boxes = {group.findtext("text"): group for group in drawing.iter("g")}
    assert set(boxes) == {"in.txt", "code/c.json", *"abcd"}
    notes = {name: [text.text for text in group.iter("text")][1] for name, group in boxes.items()}
    assert notes["in.txt"] == "raw input"
    assert notes["a"] == "● ran · 1 h 00 min"
    assert notes["d"] == "▲ stale · 36 s"
    assert (boxes["d"].findtext("title") or "").split("\n") == [
        "d", "stale: would run: not in the cache", "on the critical path",
    ]  # fmt: skip
    assert {name for name, group in boxes.items() if "critical" in group.get("class", "")} == {"a", "c", "d"}
    assert {name for name, group in boxes.items() if "raw" in group.get("class", "")} == {"in.txt", "code/c.json"}
    assert len([path for path in drawing.iter("path") if path.get("class") == "marked"]) == 2
    assert len(list(drawing.iter("path"))) == 6


EVIL = "<script>alert('x')</script>"


def test_what_rules_paths_params_and_the_ledger_say_is_escaped(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "cache")
    path, step = f"{EVIL}.txt", Step("a", EVIL, "run", f"{EVIL} & not in the cache", 1.0, False)
    built = {EVIL: entry(EVIL, [path]), "b": entry("b", DIAMOND["b"])}
    planted.ran("b", device=EVIL)
    jobs = [Job(EVIL, EVIL, (path,), ("x",), step, (f"params.yaml: {EVIL} -> {EVIL}",)), job("b", DIAMOND["b"])]
    head = Head(EVIL, EVIL, HEAD.made, (EVIL,), EVIL)
    found = overview.of(jobs, built, planted.ledger, HERE, PRICES)
    text = report.page(found, head)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 12
    Page(text)
    many = {f"{EVIL}{number}": job(f"{EVIL}{number}", [path], rule=EVIL) for number in range(report.MOST_LISTED + 1)}
    collapsed = report.page(
        overview.of(many.values(), {f"{EVIL}1": entry("a", [path])}, planted.ledger, HERE, PRICES), head
    )
    assert "<script" not in collapsed
    Page(collapsed)
    drawing = graph_svg.draw(lineage.behind(EVIL, {"b": entry("b", [path])}, ["b"]))
    assert xml.etree.ElementTree.fromstring(drawing).findtext("{*}title") == EVIL


def test_a_lineage_of_3000_stages_in_a_chain_is_walked(tmp_path: Path) -> None:
    chain = {
        f"s{number}": entry(f"s{number}", [f"s{number - 1}.out" if number else "in.txt"]) for number in range(3000)
    }
    text = lockyaml.HEAD + "".join(lockyaml.block(name, one) for name, one in reversed(chain.items()))
    (tmp_path / "dvc.lock").write_text(text)
    found = lineage.of(tmp_path, "s2999.out")
    assert list(found.stages) == list(chain), "each after those that it depends on"
    assert found.raw == {"in.txt": "0" * 32}
    assert found.stages == lockyaml.load_yaml(text)["stages"], "as DVC reads it"
    seconds = {name: 1.0 for name in chain}
    assert overview.critical_path(found, seconds) == tuple(chain)


def test_stages_that_need_each_other_are_named(tmp_path: Path) -> None:
    ring = {"a": entry("a", ["b.out"]), "b": entry("b", ["a.out"])}
    (tmp_path / "dvc.lock").write_text(lockyaml.HEAD + "".join(lockyaml.block(name, one) for name, one in ring.items()))
    with pytest.raises(LineageError, match=r"^dvc\.lock: stages need each other: [ab], [ab], [ab]\. Build a again$"):
        lineage.of(tmp_path, "a")


def test_a_graph_of_3000_stages_is_told_by_rule_in_seconds(planted: Planted) -> None:
    jobs = [job(f"a--{number}", ["in.txt"], rule="a") for number in range(1500)]
    jobs += [job(f"b--{number}", [f"a--{number}.out"], rule="b") for number in range(1500)]
    begin = time.monotonic()
    found = overview.of(jobs, {one.name: entry(one.name, list(one.deps)) for one in jobs}, planted.ledger, HERE, PRICES)
    text = report.page(found, HEAD)
    assert time.monotonic() - begin < 5
    page = Page(text)
    assert list(page.states) == ["a", "b"]
    assert "The graph has 3000 stages, more than 80: it is drawn with one box for each rule." in text
    assert "They are more than 300, so the table below has one row for each rule, too." in text
    assert len(re.findall("<g ", text)) == 3, "two rules and the raw input"
    assert len(text) < 40_000


def test_between_both_limits_only_the_drawing_is_by_rule(planted: Planted) -> None:
    jobs = [job(f"a--{number}", ["in.txt"], rule="a") for number in range(report.MOST_DRAWN + 1)]
    built = {one.name: entry(one.name, list(one.deps)) for one in jobs}
    text = report.page(overview.of(jobs, built, planted.ledger, HERE, PRICES), HEAD)
    assert len(Page(text).states) == 81
    assert len(re.findall("<g ", text)) == 2
    assert "The graph has 81 stages, more than 80: it is drawn with one box for each rule.</p>" in text
    text = report.page(overview.of(jobs[1:], built, planted.ledger, HERE, PRICES), HEAD)
    assert len(re.findall("<g ", text)) == 81
    assert "more than" not in text


def test_rules_that_need_each_other_in_turn_are_drawn(planted: Planted) -> None:
    jobs = [job("train--0", ["in.txt"], rule="train")]
    for number in range(200):
        jobs.append(job(f"judge--{number}", [f"train--{number}.out"], rule="judge"))
        jobs.append(job(f"train--{number + 1}", [f"judge--{number}.out", f"train--{number}.out"], rule="train"))
    found = overview.of(jobs, {"train--0": entry("train--0", ["in.txt"])}, planted.ledger, HERE, PRICES)
    text = report.page(found, HEAD)
    assert text.count("<path") == 3, "there, back, and from the raw input; none from a rule to itself"


def test_no_two_boxes_overlap_and_every_line_goes_from_left_to_right() -> None:
    names = [f"n{number}" for number in range(60)]
    edges = {
        (names[one], names[other]) for other in range(60) for one in range(other) if (other * 7 + one * 3) % 17 == 0
    }
    assert len(edges) > 80
    laid = layout({name: (60 + 3 * number, 40) for number, name in enumerate(names)}, edges, gap=(40, 14))
    places = list(laid.places.values())
    assert len(places) == 60
    for number, one in enumerate(places):
        assert one.x >= 0 and one.x + one.width <= laid.width and one.y >= 0 and one.y + one.height <= laid.height
        for other in places[:number]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height < other.y or other.y + other.height < one.y
    for edge, points in laid.routes.items():
        steps = [x for x, _ in points]
        assert steps == sorted(steps), edge
        for box in places:
            crossed = [1 for (x, y), (end, _) in zip(points[1::2], points[2::2], strict=False)
                       if box.x < (x + end) / 2 < box.x + box.width and box.y < y < box.y + box.height]  # fmt: skip
            assert not crossed, f"{edge} passes behind {box}"


def test_times_sizes_and_money_are_written_for_people() -> None:
    durations = [None, 0, 0.034, 3.44, 99.4, 125, 3599.6, 12000, 190800]
    assert [quantities.duration(seconds) for seconds in durations] == [
        "?", "0 s", "0.034 s", "3.4 s", "99 s", "2 min 05 s", "1 h 00 min", "3 h 20 min", "2 d 5 h",
    ]  # fmt: skip
    sizes = [None, 0, 999, 1000, 12345, 999_499, 999_500, 123_456_789]
    assert [quantities.size(count) for count in sizes] == [
        "?", "0 B", "999 B", "1.00 kB", "12.3 kB", "999 kB", "1.00 MB", "123 MB",
    ]  # fmt: skip
    assert [quantities.money(amount, "EUR") for amount in (0, 12.3, 0.05, 0.00421, 0.0000042)] == [
        "0.00 EUR", "12.30 EUR", "0.050 EUR", "0.0042 EUR", "0.0000042 EUR",
    ]  # fmt: skip


def test_a_build_a_restore_and_an_edit_are_told_apart(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root")
    page = repository.root / "modelworks-report.html"

    def states() -> dict[str, str]:
        assert repository.run("modelworks", "report").stdout == "modelworks-report.html\n"
        return {name: state for name, (state,) in Page(page.read_text()).states.items()}

    repository.commit()
    repository.snakemake()
    names = set(states())
    assert names == {"copy", "scores", *(f"part--{number}" for number in range(6))}
    assert states() == dict.fromkeys(names, "ran")
    assert repository.git("rev-parse", "HEAD").strip() in page.read_text()
    shutil.rmtree(repository.root / "artifacts/parts")
    repository.snakemake()
    after = {name: "restored" if name.startswith("part") else "ran" for name in names}
    assert states() == after
    shutil.rmtree(repository.root / "artifacts/plots")
    assert states() == after | {"scores": "stale"}
    assert "stale: would be restored: in the cache\nartifact deleted: artifacts/plots/loss.csv" in page.read_text()
    text = (repository.root / "params.yaml").read_text()
    (repository.root / "params.yaml").write_text(re.sub(r"(?m)^(\s+learning_rate): .*$", r"\1: 0.5", text))
    assert states() == after | {"scores": "stale"}
    assert re.search(
        r"scores\nstale: would run: not in the cache\nparams\.yaml: k2\.train\.learning_rate: [\d.]+ -&gt; 0\.5",
        page.read_text(),
    )
    said = repository.run("modelworks", "report", "artifacts/copy.txt", "-o", "pages/copy.html").stdout
    assert said == "pages/copy.html\n"
    assert set(Page((repository.root / "pages/copy.html").read_text()).states) == {"copy"}
    assert list((repository.root / "pages").iterdir()) == [repository.root / "pages/copy.html"], "renamed when whole"


def test_another_workspace_on_the_same_cache_has_states_of_its_own(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", rules=RULES, git=False)
    repository.snakemake()
    repository.run("modelworks", "workspace", "create", tmp_path / "other")
    repository.snakemake("--directory", tmp_path / "other")
    said = repository.run("modelworks", "report", "--directory", tmp_path / "other").stdout
    assert said == f"{tmp_path}/other/modelworks-report.html\n"
    page = Page((tmp_path / "other/modelworks-report.html").read_text())
    assert {state for (state,) in page.states.values()} == {"restored"}


def test_the_template_is_in_the_wheel(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    code = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, env=dict(os.environ))
    (wheel,) = tmp_path.glob("*.whl")
    assert "modelworks/build/report.html.jinja" in zipfile.ZipFile(wheel).namelist()
