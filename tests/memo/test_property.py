"""Random graphs under random edits against a model in plain Python: the bytes are right, exactly what must run runs."""

import hashlib
import json
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .forkserver import ForkServer, Workspace

SEEDS, BUILDS = (300, 30) if "MODELWORKS_SOAK" in os.environ else (10, 12)
LINKS = (None, "reflink,hardlink,copy")
SOURCES = {name: [f"{name}{n}\n" * 2 + "z\n" for n in range(3)] for name in ("s0", "s1", "s2")}
HELPERS = {name: [f"sed 's/^/{name[0]}{n}/'\n" for n in range(3)] for name in ("first.sh", "other.sh")}
FILTERS = {"cat": "cat", "first": "sed -n 1p", "count": "wc -l", "set": "sort -u"}
Content = str | dict[str, str]


@dataclass(frozen=True)
class Job:
    """A job: its inputs (sources and other jobs' outputs), an optional helper script, and what it does with them."""

    name: str
    inputs: tuple[str, ...]
    helper: str | None
    filter: str
    directory: bool
    second: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        return (f"{self.name}.d",) if self.directory else (f"{self.name}.out", f"{self.name}.size")[: 1 + self.second]

    @property
    def dependencies(self) -> tuple[str, ...]:
        return (*self.inputs, self.helper) if self.helper else self.inputs

    def rule(self) -> str:
        """The job as a Snakemake rule."""
        helper = f"| bash {self.helper} " if self.helper else ""
        listed = " ".join(f"$(find {path} -type f ! -name '.*' | sort)" for path in self.inputs)
        made = f"{{{{ echo {{params.value}}; cat {listed}; }}}} {helper}| {FILTERS[self.filter]}"
        if self.directory:
            shell = f"mkdir -p {self.name}.d/sub; {made} > {self.name}.d/x; echo y > {self.name}.d/sub/y"
        else:
            shell = f"{made} > {self.name}.out"
            if self.second:
                shell += f"; wc -c < {self.name}.out > {self.name}.size"
        outputs = [f"directory({path!r})" if self.directory else repr(path) for path in self.outputs]
        return (
            f"rule {self.name}:\n"
            f"    input: {', '.join(map(repr, self.dependencies))}\n"
            f"    output: {', '.join(outputs)}\n"
            f"    params: value=VALUES[{self.name!r}]\n"
            f'    shell: r"""export LC_ALL=C; echo {self.name} >> $RAN; {shell}"""\n'
        )

    def make(self, value: int, contents: dict[str, Content]) -> dict[str, Content]:
        """What the job writes."""
        text = f"{value}\n" + "".join(_text(contents[path]) for path in self.inputs)
        lines = text.splitlines(keepends=True)
        if self.helper:
            script = contents[self.helper]
            assert isinstance(script, str)
            lines = [script[9:11] + line for line in lines]
        if self.filter == "first":
            lines = lines[:1]
        elif self.filter == "count":
            lines = [f"{len(lines)}\n"]
        elif self.filter == "set":
            lines = sorted(set(lines))
        text = "".join(lines)
        if self.directory:
            return {f"{self.name}.d": {"x": text, "sub/y": "y\n"}}
        made: dict[str, Content] = {f"{self.name}.out": text, f"{self.name}.size": f"{len(text)}\n"}
        return {path: made[path] for path in self.outputs}


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    return "".join(content[name] for name in sorted(content))


def _graph(draw: random.Random) -> list[Job]:
    jobs: list[Job] = []
    for index in range(draw.randint(3, 10)):
        earlier = [path for job in jobs for path in job.outputs]
        known = [*SOURCES, *earlier, *earlier]
        inputs = tuple(sorted({draw.choice(known) for _ in range(draw.randint(1, 3))}))
        helper = draw.choice([None, None, *HELPERS])
        directory = draw.random() < 0.25
        jobs.append(Job(f"j{index}", inputs, helper, draw.choice(list(FILTERS)), directory, draw.random() < 0.3))
    return jobs


@dataclass
class Model:
    """What Snakemake decides to build, and a memo keyed by content."""

    jobs: list[Job]
    values: dict[str, int]
    files: dict[str, Content] = field(default_factory=dict)
    recorded: dict[str, tuple[int, dict[str, Content]]] = field(default_factory=dict)
    memo: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    owners: dict[str, set[str]] = field(default_factory=dict)

    @property
    def targets(self) -> list[str]:
        """The outputs that no job reads."""
        read = {path for job in self.jobs for path in job.inputs}
        return [path for job in self.jobs for path in job.outputs if path not in read]

    def needed(self) -> list[Job]:
        """The jobs that Snakemake finds it needs: changed ones, what is missing for them, and all that follow."""
        producer = {path: job for job in self.jobs for path in job.outputs}
        queue = [job for job in self.jobs if self._changed(job)]
        queue += [producer[path] for path in self.targets if path not in self.files]
        needed: set[str] = set()
        while queue:
            job = queue.pop()
            if job.name in needed:
                continue
            needed.add(job.name)
            queue += [producer[path] for path in job.inputs if path in producer and path not in self.files]
            queue += [other for other in self.jobs if not set(other.inputs).isdisjoint(job.outputs)]
        return [job for job in self.jobs if job.name in needed]

    def _changed(self, job: Job) -> bool:
        if job.name not in self.recorded:
            return False  # never built here: its outputs, or what follows from them, are missing
        value, contents = self.recorded[job.name]
        sources = [path for path in job.dependencies if path in SOURCES or path in HELPERS]
        built = any(path in self.files for path in self._outputs_from(job))
        return value != self.values[job.name] or (built and any(contents[path] != self.files[path] for path in sources))

    def _outputs_from(self, job: Job) -> set[str]:
        """The outputs of a job and of all that follow: Snakemake compares input times with the first there is."""
        outputs = set(job.outputs)
        for other in self.jobs:  # in topological order
            if not outputs.isdisjoint(other.inputs):
                outputs |= set(other.outputs)
        return outputs

    def build(self) -> tuple[list[str], list[str]]:
        """Build the targets; the names of the jobs that run, and of those that are restored."""
        ran, restored = [], []
        for job in self.needed():
            value = self.values[job.name]
            contents = {path: self.files[path] for path in job.dependencies}
            made = job.make(value, contents)
            key = json.dumps([job.name, value, contents], sort_keys=True)
            objects = {md5 for content in made.values() for md5 in _objects(content)}
            for md5 in objects:
                self.owners.setdefault(md5, set()).add(job.name)
            if key in self.memo and objects <= self.objects:
                restored.append(job.name)
            else:
                ran.append(job.name)
                self.memo.add(key)
                self.objects |= objects
            self.files |= made
            self.recorded[job.name] = (value, contents)
        return sorted(ran), sorted(restored)

    def from_scratch(self) -> dict[str, Content]:
        """Everything that the sources lead to."""
        files = {path: self.files[path] for path in (*SOURCES, *HELPERS)}
        for job in self.jobs:
            files |= job.make(self.values[job.name], files)
        return files


def _objects(content: Content) -> set[str]:
    """The names of the cache objects that hold a content."""
    if isinstance(content, str):
        return {_md5(content)}
    listed = [{"md5": _md5(content[name]), "relpath": name} for name in sorted(content)]
    return {_md5(json.dumps(listed)) + ".dir"} | {item["md5"] for item in listed}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Pair:
    """A workspace and its model, edited together."""

    def __init__(self, forks: ForkServer, folder: Path, draw: random.Random, links: str | None) -> None:
        self.forks = forks
        self.root = folder
        self.draw = draw
        self.links = links
        self.history: list[str] = []
        self.model = Model(_graph(draw), {})
        self.model.values = {job.name: 0 for job in self.model.jobs}
        self.model.files = {name: texts[0] for name, texts in (SOURCES | HELPERS).items()}
        self.places = 0
        self.move()

    def move(self) -> None:
        """Go on in a fresh workspace that shares the cache."""
        self.places += 1
        self.workspace = Workspace(
            self.forks, self.root / f"place{self.places}", cache=self.root / "cache", link_types=self.links
        )
        self.model.recorded = {}
        self.model.files = {path: text for path, text in self.model.files.items() if path in SOURCES | HELPERS}
        for path, text in self.model.files.items():
            assert isinstance(text, str)
            (self.workspace.folder / path).write_text(text)
        rules = "\n".join(job.rule() for job in self.model.jobs)
        snakefile = (
            f"import json\nVALUES = json.load(open('values.json'))\nrule all:\n    input: {self.model.targets}\n"
        )
        (self.workspace.folder / "Snakefile").write_text(snakefile + rules)
        self._write_values()
        self.history.append("moved to a fresh workspace")

    def _write_values(self) -> None:
        (self.workspace.folder / "values.json").write_text(json.dumps(self.model.values))

    def edit_source(self) -> None:
        """Edit a source or a helper, or put back what it once was."""
        path, texts = self.draw.choice(list((SOURCES | HELPERS).items()))
        self._write(path, self.draw.choice(texts))

    def _write(self, path: str, text: str) -> None:
        (self.workspace.folder / path).write_text(text)
        self.model.files[path] = text
        self.history.append(f"wrote {text!r} to {path}")

    def flip_param(self) -> None:
        """Change a param, or put it back."""
        name = self.draw.choice(list(self.model.values))
        self.model.values[name] = self.draw.randint(0, 2)
        self._write_values()
        self.history.append(f"set the param of {name} to {self.model.values[name]}")

    def delete_outputs(self) -> None:
        """Delete some outputs, or all."""
        outputs = [path for path in self.model.files if path not in SOURCES and path not in HELPERS]
        count = self.draw.choice([1, 2, len(outputs)])
        for path in self.draw.sample(outputs, min(count, len(outputs))):
            target = self.workspace.folder / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            del self.model.files[path]
            self.history.append(f"deleted {path}")

    def lose_object(self) -> None:
        """Delete an object from the cache: one of a single job, since the first of several would put it back."""
        lone = sorted(md5 for md5 in self.model.objects if len(self.model.owners[md5]) == 1)
        if lone:
            md5 = self.draw.choice(lone)
            (self.workspace.cache / "files" / "md5" / md5[:2] / md5[2:]).unlink()
            self.model.objects.remove(md5)
            self.history.append(f"deleted the cache object {md5}")

    def step(self) -> None:
        """One to three edits, a build, and what must hold then."""
        edits = [self.edit_source, self.flip_param, self.delete_outputs, self.lose_object, self.move]
        for edit in self.draw.choices(edits, weights=[8, 6, 5, 1, 1], k=self.draw.randint(1, 3)):
            edit()
        self.check()

    def check(self) -> None:
        """Build both and compare them."""
        build, (ran, restored) = self.workspace.build(), self.model.build()
        self.history.append(f"built: ran {ran}, restored {restored}")
        story = "\n".join([*(job.rule() for job in self.model.jobs), *self.history, build.output])
        assert build.code == 0, story
        assert build.ran == ran, story
        assert build.counts == (len(restored), len(ran), 0), story
        scratch = self.model.from_scratch()
        for job in self.model.jobs:
            for path in job.outputs:
                found = _read(self.workspace.folder / path)
                assert found == self.model.files.get(path), f"{path}\n{story}"
                assert found in (None, scratch[path]), f"{path}\n{story}"
        assert all(path in self.model.files for path in self.model.targets)
        files = (self.workspace.cache / "files" / "md5").glob("*/*")
        assert {path.parent.name + path.name for path in files} == self.model.objects, story


def _read(path: Path) -> Content | None:
    if not path.exists():
        return None
    if path.is_file():
        return path.read_text()
    files = [item for item in path.rglob("*") if item.is_file() and item.name != ".snakemake_timestamp"]
    return {str(item.relative_to(path)): item.read_text() for item in files}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_under_random_edits_exactly_the_jobs_of_the_model_run_and_the_bytes_are_right(
    seed: int, tmp_path: Path, forks: ForkServer
) -> None:
    draw = random.Random(seed)
    pair = Pair(forks, tmp_path, draw, LINKS[seed % 2])
    pair.check()
    for _ in range(BUILDS):
        pair.step()
    assert sum(line.startswith("built") for line in pair.history) == BUILDS + 1
