"""Claims about the stages of the corpus: any number of shards gives the same, without copies, split by document."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import polars
import pytest

from modelworks.k2.corpus_report import EMBEDDED, check_overlap
from modelworks.k2.read import check_is_remote
from modelworks.k2.tokenizer import share_of
from modelworks.lm import overlap as overlap_module
from modelworks.lm.corpus import paragraphs
from modelworks.lm.overlap import Overlap
from tests.k2.corpus_stages import build_corpus, corpus_params, file_bytes, part, report, run
from tests.lm.test_minhash import planted as planted_pairs

ROOT = Path(__file__).parents[2]
REFERENCE, DOCSTRINGS = ROOT / "data/python_reference.jsonl", ROOT / "data/python_docstrings.jsonl"
TABLES = ("text", "documents", "paragraphs", "bands")


def sentence(generator: random.Random, length: int = 30) -> str:
    return " ".join(f"w{generator.randrange(10**6)}" for _ in range(length))


def document(generator: random.Random, count: int = 5) -> str:
    return "\n\n".join(sentence(generator) for _ in range(count))


def jsonl(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in rows), encoding="utf-8")
    return path


def planted(folder: Path) -> list[Path]:
    """Eleven files, so that they come into different shards: new documents, copies, near copies, shared paragraphs."""
    generator = random.Random(4)
    earlier: list[str] = []
    files = []
    for number in range(11):
        rows = []
        for row in range(12):
            text = document(generator)
            if earlier and row == 3:
                text = generator.choice(earlier)
            elif earlier and row == 4:
                text = generator.choice(earlier).replace("w1", "v1", 1)
            elif earlier and row in (5, 6):
                text += "\n\n" + "\n\n".join(generator.choice(earlier).split("\n\n")[:2])
            rows.append((f"d{number}-{row}", text))
        earlier += [text for _, text in rows]
        files.append(jsonl(folder / f"f{number:02d}.jsonl", rows))
    return files


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default sources in two shards."""
    folder = tmp_path_factory.mktemp("embedded")
    files = {"reference": [REFERENCE], "docstrings": [DOCSTRINGS]}
    return build_corpus(folder, corpus_params(files, section_bytes=16384))


def test_any_number_of_shards_gives_the_same_texts_in_the_same_parts(tmp_path: Path, embedded: Path) -> None:
    files = {"reference": [REFERENCE], "docstrings": [DOCSTRINGS], "planted": planted(tmp_path)}
    built = []
    for shards in (1, 3, 8):
        corpus = build_corpus(tmp_path / str(shards), corpus_params(files, shards=shards, section_bytes=16384))
        counts = json.loads((corpus / "counts.json").read_text())
        built.append((part(corpus, "train"), part(corpus, "validation"), counts))
        assert all(polars.read_parquet(path).height for path in (corpus / "text").iterdir())
    for other in built[1:]:
        assert other[0].equals(built[0][0])
        assert other[1].equals(built[0][1])
        assert other[2] == built[0][2]
    counts = built[0][2]["planted"]
    assert counts["read_documents"] - counts["exact_documents"] >= 10
    assert counts["exact_documents"] - counts["near_documents"] >= 7
    assert counts["near_bytes"] - counts["paragraph_bytes"] >= 20 * 2 * 100
    assert built[0][0]["id"].n_unique() == built[0][0].height


def test_two_builds_give_equal_bytes_and_another_seed_another_split(tmp_path: Path) -> None:
    params = corpus_params({"planted": planted(tmp_path)})
    first, second = (build_corpus(tmp_path / name, params) for name in ("a", "b"))
    assert len(file_bytes(first)) == 2 * (4 + 2 + 3) + 4
    assert file_bytes(first) == file_bytes(second)
    other = build_corpus(tmp_path / "c", {**params, "seed": 8})
    assert not part(other, "validation").equals(part(first, "validation"))


def test_a_copy_and_a_near_copy_are_dropped_and_the_first_is_kept(tmp_path: Path) -> None:
    generator = random.Random(1)
    rows = [(f"d{number}", document(generator)) for number in range(20)]
    first = rows[7][1]
    near = first.replace(first.split()[40], "changed").replace(first.split()[90], "altered")
    files = [
        jsonl(tmp_path / "a.jsonl", rows),
        jsonl(tmp_path / "b.jsonl", [("copy", first.replace("\n\n", "\n \n\n").replace("w", "W")), ("near", near)]),
        jsonl(tmp_path / "c.jsonl", [("other", document(generator))]),
    ]
    corpus = build_corpus(tmp_path, corpus_params({"own": files}, shards=3))
    names = {name for side in ("train", "validation") for name in part(corpus, side)["document"]}
    assert names == {*(name for name, _ in rows), "other"}
    removed = polars.read_parquet(corpus / "removed.parquet")
    assert removed["exact"].to_list() == [True, False]
    assert removed["kept"].to_list() == [7, 7]


def test_a_paragraph_is_kept_only_where_it_first_occurs_whatever_the_shard(tmp_path: Path) -> None:
    generator = random.Random(2)
    shared = [sentence(generator, 20) for _ in range(6)]
    files = []
    for number in range(6):
        text = "\n\n".join([*(sentence(generator, 60) for _ in range(6)), shared[number], shared[(number + 1) % 6]])
        files.append(jsonl(tmp_path / f"f{number}.jsonl", [(f"d{number}", text)]))
    corpus = build_corpus(tmp_path, corpus_params({"own": files}, shards=4))
    texts = {row["document"]: row["text"] for side in ("train", "validation") for row in part(corpus, side).to_dicts()}
    for number, one in enumerate(shared):
        holders = [name for name, text in texts.items() if one in text]
        assert holders == [f"d{min(number, (number - 1) % 6)}"]


def test_a_paragraph_of_a_removed_document_stays_in_the_document_that_comes_later(tmp_path: Path) -> None:
    generator = random.Random(3)
    first = document(generator, 12)
    extra = sentence(generator, 20)
    near = first + "\n\n" + extra
    files = [
        jsonl(tmp_path / f"f{number}.jsonl", [row])
        for number, row in enumerate(
            [("first", first), ("near", near), ("later", document(generator) + "\n\n" + extra)]
        )
    ]
    corpus = build_corpus(tmp_path, corpus_params({"own": files}))
    texts = {row["document"]: row["text"] for side in ("train", "validation") for row in part(corpus, side).to_dicts()}
    assert texts.keys() == {"first", "later"}
    assert extra in texts["later"]


def test_a_document_made_of_earlier_paragraphs_is_dropped_and_the_bytes_left_are_counted_exactly(
    tmp_path: Path,
) -> None:
    generator = random.Random(11)
    texts = [document(generator) for _ in range(20)]
    halves = [text.split("\n\n") for text in texts]
    rows = [(f"d{number}", text) for number, text in enumerate(texts)]
    rows += [("patched", "\n\n".join([halves[0][0], halves[1][1], halves[2][2]])), ("half", halves[3][0] + "\n\nnew")]
    corpus = build_corpus(tmp_path, corpus_params({"own": [jsonl(tmp_path / "x.jsonl", rows)]}))
    both = polars.concat([part(corpus, "train"), part(corpus, "validation")])
    assert set(both["document"]) == {name for name, _ in rows} - {"patched"}
    assert both.filter(polars.col("document") == "half")["text"].to_list() == ["new"]
    counts = json.loads((corpus / "counts.json").read_text())["own"]
    assert counts["paragraph_documents"] == 21
    assert counts["paragraph_bytes"] == both["text"].str.len_bytes().sum()


def test_near_copies_above_the_threshold_are_dropped_and_those_below_are_not(tmp_path: Path) -> None:
    rows = [
        (f"{jaccard}-{number}", text)
        for jaccard in (0.7, 0.9)
        for number, (text,) in enumerate(planted_pairs(jaccard, 60, seed=14))
    ]
    build_corpus(tmp_path, corpus_params({"own": [jsonl(tmp_path / "x.jsonl", rows)]}))
    removed = polars.read_parquet(tmp_path / "corpus/removed.parquet")["number"].to_list()
    assert sum(number < 120 for number in removed) <= 3
    assert sum(number >= 120 for number in removed) >= 58


def test_a_module_in_two_sources_is_in_one_part(tmp_path: Path) -> None:
    generator = random.Random(5)
    files = {
        source: [jsonl(tmp_path / f"{source}.jsonl", [(f"m{number}", document(generator)) for number in range(40)])]
        for source in ("docstrings", "code")
    }
    corpus = build_corpus(tmp_path, corpus_params(files))
    sides = [
        {(row["source"], row["document"]) for row in part(corpus, side).to_dicts()} for side in ("train", "validation")
    ]
    for own in sides:
        assert {name for source, name in own if source == "code"} == {name for source, name in own if source != "code"}
    assert len(sides[0] | sides[1]) == 80
    assert not sides[0] & sides[1]
    assert {source for source, _ in sides[1]} == {"code", "docstrings"}


def test_rows_with_one_name_have_ids_of_their_own_and_one_part(tmp_path: Path) -> None:
    generator = random.Random(6)
    rows = [(f"book {number % 8}", document(generator, 40)) for number in range(24)]
    corpus = build_corpus(tmp_path, corpus_params({"own": [jsonl(tmp_path / "f.jsonl", rows)]}))
    train, held = part(corpus, "train"), part(corpus, "validation")
    assert not set(train["document"]) & set(held["document"])
    both = polars.concat([train, held])
    assert both["id"].n_unique() == both.height
    assert {"own/book 3#0", "own/book 3#1", "own/book 3#1.0", "own/book 3#2.1"} <= set(both["id"])


def test_the_text_of_the_parts_is_that_of_the_documents(embedded: Path) -> None:
    rows = [json.loads(line) for line in DOCSTRINGS.read_text(encoding="utf-8").splitlines()]
    originals = {row["id"]: paragraphs(row["text"]) for row in rows}
    seen: set[str] = set()
    both = [row for side in ("train", "validation") for row in part(embedded, side).to_dicts()]
    for row in both:
        assert len(row["text"].encode()) <= 16384 or "\n\n" not in row["text"]
        assert row["id"].startswith(f"{row['source']}/{row['document']}#")
        if row["source"] == "docstrings":
            pieces = row["text"].split("\n\n")
            assert set(pieces) <= set(originals[row["document"]])
            seen.update(pieces)
    lost = {one for own in originals.values() for one in own} - seen
    assert sum(map(len, lost)) < 0.03 * sum(len(row["text"]) for row in rows)


def test_no_run_of_13_words_of_the_held_out_text_is_in_the_training_text(embedded: Path) -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[place : place + 13]) for place in range(len(words) - 12)}

    texts = [part(embedded, side)["text"].to_list() for side in ("train", "validation")]
    train, held = ({run for text in own for run in runs(text)} for own in texts)
    assert len(held) > 20_000
    assert not train & held
    dropped = polars.concat(polars.read_parquet(path) for path in (embedded / "dropped").iterdir())
    assert 0 < dropped["bytes"].sum() < 30_000, "there was something to leave out"


def test_the_embedded_corpus_is_split_within_its_limits(embedded: Path, tmp_path: Path) -> None:
    shown = report(embedded, tmp_path, corpus_params({"reference": [REFERENCE], "docstrings": [DOCSTRINGS]}))
    assert shown["report"]["documents"] == 79 + 642
    assert shown["report"]["removed_by_paragraph_bytes"] > 100_000
    assert 0.1 <= shown["report"]["validation_share"] < 0.2
    assert shown["overlap"]["corpus"]["found"] == 0
    assert shown["overlap"]["sources"].keys() == {"reference", "docstrings", "arithmetic"}
    table = polars.read_parquet(tmp_path / "statistics.parquet")
    assert table["source"].to_list() == ["docstrings", "reference", "arithmetic"]
    for row in table.filter(polars.col("source") != "arithmetic").to_dicts():
        steps = [row[f"{step}_bytes"] for step in ("read", "exact", "near", "paragraph")]
        assert steps == sorted(steps, reverse=True)
        made = row["train_bytes"] + row["validation_bytes"] + row["overlap_dropped_bytes"]
        assert 0.99 * steps[-1] <= made <= steps[-1]
        assert 0.1 <= row["validation_bytes"] / made < 0.2
    assert table.filter(polars.col("source") == "arithmetic")["read_bytes"].to_list() == [None]
    assert table["train_bytes"].sum() == sum(len(text.encode()) for text in part(embedded, "train")["text"]) + 5


def test_operands_of_cases_in_the_training_examples_are_an_error(embedded: Path, tmp_path: Path) -> None:
    params = corpus_params({"reference": [REFERENCE]})
    shown = report(embedded, tmp_path / "a", params, cases=[[1, 2], [2, 3, 4], [5, 5]], training=[[1, 2, 3], [5], [4]])
    none = {"cases": 3, "shared": 0, "worked": 0}
    assert shown["overlap"]["operands"] == {**none, "training": 3, "levels": {"easy": none}}
    message = "of the sets of operands of held-out cases 2 are also asked in the training examples, and 0 worked out"
    with pytest.raises(ValueError, match=message):
        report(embedded, tmp_path / "b", params, cases=[[1, 2], [2, 3, 4], [5, 5]], training=[[5, 5], [1, 2], [12]])


def test_overlap_above_the_limit_fails_the_embedded_corpus_and_warns_for_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    params = corpus_params({"reference": sorted(EMBEDDED)})["k2"]["corpus"]
    own = params | {"files": {"reference": sorted(EMBEDDED), "own": ["own.txt"]}}
    limit, above = Overlap(10, 1000), Overlap(11, 1000)
    check_overlap(limit, params)
    check_overlap(limit, own)
    assert capsys.readouterr().err == ""
    with pytest.raises(ValueError, match=r"1\.10% of the validation text's 13-word-grams also occur in the training"):
        check_overlap(above, params)
    check_overlap(above, own)
    assert re.match(r"warning: 1\.10% .* Remedy: ", capsys.readouterr().err)
    check_overlap(above, params | {"dataset": {"name": "owner/text"}})
    assert "warning" in capsys.readouterr().err


def test_a_text_file_alone_is_split_between_its_sections_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.txt"
    path.write_text(document(random.Random(7), 500), encoding="utf-8")
    corpus = build_corpus(tmp_path, corpus_params({"own": [path]}, shards=3))
    assert "warning: source own is one document: its sections are split" in capsys.readouterr().err
    train, held = part(corpus, "train"), part(corpus, "validation")
    assert {*train["document"], *held["document"]} == {"book.txt:0"}
    size, rest = (table["text"].str.len_bytes().sum() for table in (held, train))
    assert 0.1 <= size / (size + rest) < 0.2
    assert not set(train["id"]) & set(held["id"])
    path.write_text("short", encoding="utf-8")
    with pytest.raises(ValueError, match=r"source own is one document of one section.*lower k2\.corpus\.section_bytes"):
        build_corpus(tmp_path / "short", corpus_params({"own": [path]}))


def test_a_corpus_without_text_is_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "x.jsonl", [("a", " \n\n"), ("b", "")])
    with pytest.raises(ValueError, match=r"k2\.corpus\.files: the sources hold no text"):
        build_corpus(tmp_path, corpus_params({"own": [path]}))


def test_empty_documents_are_counted_and_dropped(tmp_path: Path) -> None:
    generator = random.Random(8)
    rows = [(f"d{number}", document(generator) if number % 3 else "\n \n") for number in range(30)]
    corpus = build_corpus(tmp_path, corpus_params({"own": [jsonl(tmp_path / "x.jsonl", rows)]}))
    counts = json.loads((corpus / "counts.json").read_text())["own"]
    assert (counts["read_documents"], counts["exact_documents"]) == (30, 20)


def test_a_data_set_is_one_more_source(tmp_path: Path) -> None:
    generator = random.Random(9)
    hub = tmp_path / "hub"
    hub.mkdir()
    for number in range(3):
        jsonl(hub / f"train-{number}.jsonl", [(f"h{number}-{row}", document(generator)) for row in range(10)])
    own = jsonl(tmp_path / "own.jsonl", [(f"d{row}", document(generator)) for row in range(10)])
    dataset = {"name": str(hub), "revision": "v1", "configuration": None, "split": "train"}
    built = [
        build_corpus(tmp_path / str(shards), corpus_params({"own": [own]}, shards=shards, dataset=dataset))
        for shards in (1, 4)
    ]
    for side in ("train", "validation"):
        assert part(built[0], side).equals(part(built[1], side))
        assert set(part(built[0], side)["source"]) == {"own", "dataset"}
    assert json.loads((built[0] / "counts.json").read_text())["dataset"]["read_documents"] == 30


def test_a_folder_called_like_the_hub_data_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_is_remote("owner/text")
    Path("owner/text").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"dataset\.name: owner/text is a folder here"):
        check_is_remote("owner/text")


def test_a_broken_row_of_the_second_file_is_named_by_the_shard_that_reads_it(tmp_path: Path) -> None:
    good = jsonl(tmp_path / "good.jsonl", [("a", "text")])
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "b", "text": "fine"}\n{"id": "c", "text": 3}\n')
    params = corpus_params({"own": [good, bad]})
    outputs = {table: f"{table}.parquet" for table in TABLES}
    run("read", tmp_path, {"data": [good, bad]}, outputs, params, shard="000")
    with pytest.raises(ValueError, match=r"bad\.jsonl: row 1: column 'text' holds int, not text"):
        run("read", tmp_path, {"data": [good, bad]}, outputs, params, shard="001")


def test_the_tokenizer_takes_a_seeded_share_of_the_text(tmp_path: Path) -> None:
    table = polars.DataFrame(
        {"id": [f"d{row}" for row in range(1000)], "text": [f"text {row:04d}" for row in range(1000)]}
    )
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, rows in zip(paths, (table[:400], table[400:]), strict=True):
        rows.write_parquet(path)
    assert list(share_of(paths, 9000, 1)) == table["text"].to_list()
    some, again, other = list(share_of(paths, 900, 1)), list(share_of(paths, 900, 1)), list(share_of(paths, 900, 2))
    assert some == again != other
    assert 60 <= len(some) <= 100
    assert any(text >= "text 0400" for text in some)
    run("tokenizer", tmp_path, {"corpus": paths}, {"tokenizer": "tokenizer.json"}, corpus_params({}))
    assert json.loads((tmp_path / "tokenizer.json").read_text())["model"]["type"] == "BPE"


# Allocators that keep what was freed make the peak another one each time.
STEADY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
MEMORY = """
import re, sys
from pathlib import Path
from tests.k2.corpus_stages import corpus_params, run
name, folder = sys.argv[1], Path(sys.argv[2])
own, repeats = folder / "corpus", [f"corpus/repeats/{bucket}.parquet" for bucket in ("000",)]
params = corpus_params({"own": [folder / "x.jsonl"]}, shards=1)
if name == "read":
    outputs = {table: f"corpus/{table}/000.parquet" for table in ("text", "documents", "paragraphs", "bands")}
    run("read", folder, {"data": [folder / "x.jsonl"]}, outputs, params, shard="000")
else:
    inputs = {"text": ["corpus/text/000.parquet"], "parts": ["corpus/parts.parquet"], "repeats": repeats}
    inputs |= {"grams": ["corpus/grams.parquet"]}
    run("sections", folder, inputs, {"train": "train.parquet", "dropped": "dropped.parquet"}, params, shard="000")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_the_memory_of_reading_and_writing_does_not_grow_with_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap_module, "_MOST_GRAMS", 1 << 14)
    generator = random.Random(10)
    words = [f"w{number}" for number in range(5000)]
    peaks: dict[str, list[int]] = {"read": [], "sections": []}
    sizes = []
    for documents in (1_000, 10_000):
        folder = tmp_path / str(documents)
        folder.mkdir()
        texts = ("\n\n".join(" ".join(generator.choices(words, k=80)) for _ in range(6)) for _ in range(documents))
        path = jsonl(folder / "x.jsonl", [(f"d{row}", text) for row, text in enumerate(texts)])
        sizes.append(path.stat().st_size)
        build_corpus(folder, corpus_params({"own": [path]}, shards=1))
        for name, found in peaks.items():
            command = [sys.executable, "-c", MEMORY, name, str(folder)]
            environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "POLARS_MAX_THREADS": "1", **STEADY}
            done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
            found.append(1024 * int(done.stdout))
    grown = sizes[1] - sizes[0]
    assert grown > 24_000_000
    for name, (small, large) in peaks.items():
        assert large - small < 0.9 * grown, name
