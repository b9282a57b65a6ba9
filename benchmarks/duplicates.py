"""How fast copies are found, and how many of them, beside datasketch, rensa and datatrove, on the same texts.

    python benchmarks/duplicates.py [--rows 50000] [--data DATA] [--json]

The texts are Chinese queries and English product titles of DATA, or, without it, made-up ones. To every tenth a copy is
added with one to three characters changed. Counted are the copies that are near by our measure, which plain sets and
rapidfuzz say here for each planted pair: short texts (fewer than 20 units) by edits, long ones by grams. Each way runs
in a process of its own; memory is the most that process ever held, less what it held before. Ratios are what counts.

    exact        a set of hashes of normal forms: finds only equal ones
    ecominstruct MinHash bands and masks, every pair verified
    datasketch   MinHash LSH, 128 permutations, threshold 0.8, of the same grams; not verified
    rensa        the same with its RMinHash
    datatrove    the four steps of its MinHash with its defaults, 14 buckets of 8 hashes (a pair of similarity 0.8 is
                 found in 92 of 100 cases), of the same grams, by way of files; not verified. Its hashes are SHA-1,
                 since its xxHash wants a release before 4
    trove_exact  the three steps of its exact de-duplication, of normal forms
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from rapidfuzz.distance import Indel

from ecominstruct.identity import hash64
from ecominstruct.languages import normalize_for_matching, units
from ecominstruct.similarity.columns import TextFile
from ecominstruct.similarity.duplicates import NONE, find_copies
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.similarity.near_duplicates import SHORT, Compared, Near, are_short, near_keys
from ecominstruct.similarity.ngrams import GRAM, are_chinese
from ecominstruct.similarity.sketches import sketch

PERMUTATIONS, THRESHOLD, EDITS = 128, 0.8, 0.9
AT_ONCE = 20_000


class Planted(NamedTuple):
    """A text, its copy (by their numbers), and whether both are short."""

    text: int
    copy: int
    short: bool


def texts_of(data: Path | None, rows: int) -> list[str]:
    """Texts to look at, at most so many."""
    if data is None:
        draw = random.Random(1)
        words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(20_000)]
        return [" ".join(draw.choices(words, k=draw.choice((3, 4, 6, 8, 25)))) for _ in range(rows)]
    queries = (data / "multi-cpr-ecom/train.query.txt").read_text("utf-8").splitlines()
    found = [line.split("\t")[1] for line in queries[: rows // 2]]
    for path in sorted((data / "ditto-entity-matching").rglob("*.txt")):
        found += [side for line in path.read_text("utf-8").splitlines() for side in line.split("\t")[:2]]
    return list(dict.fromkeys(found))[:rows]


def plant(texts: list[str]) -> list[Planted]:
    """Add copies that differ a little, and say which of them are near, by plain means."""
    draw, planted = random.Random(2), []
    for number in range(0, len(texts), 10):
        chars = list(texts[number])
        for _ in range(draw.randint(1, 3)):
            chars[draw.randrange(len(chars))] = draw.choice(texts[draw.randrange(number + 1)] or "x")
        copy = "".join(chars)
        one, other = normalize_for_matching(texts[number]), normalize_for_matching(copy)
        short = max(len(units(texts[number])), len(units(copy))) < SHORT
        near = Indel.normalized_similarity(one, other) >= EDITS if short else jaccard(one, other) >= THRESHOLD
        if near and one != other:
            planted.append(Planted(number, len(texts), short))
        texts.append(copy)
    return planted


def grams_of(form: str, size: int) -> set[str]:
    """The grams of a normal form."""
    return {form[at : at + size] for at in range(max(1, len(form) - size + 1))}


def jaccard(one: str, other: str) -> float:
    """How many grams two normal forms share."""
    size = GRAM[bool(are_chinese([one])[0])]
    left, right = grams_of(one, size), grams_of(other, size)
    return len(left & right) / len(left | right)


def _sets(texts: Sequence[str]) -> Iterable[set[str]]:
    forms = [normalize_for_matching(text) for text in texts]
    for form, chinese in zip(forms, are_chinese(forms).tolist(), strict=True):
        yield grams_of(form, GRAM[chinese])


def exact(texts: Sequence[str]) -> set[int]:
    """Texts whose normal form was there before."""
    seen: set[int] = set()
    removed = set()
    for number, text in enumerate(texts):
        key = hash64(normalize_for_matching(text))
        if key in seen:
            removed.add(number)
        seen.add(key)
    return removed


def ecominstruct(texts: Sequence[str]) -> set[int]:
    """Texts that are verified copies of one that stays."""
    forms, short = [normalize_for_matching(text) for text in texts], are_short(texts)
    with (
        TemporaryDirectory() as folder,
        (Path(folder) / "forms.tmp").open("w+b") as file,
        KeyFiles(Path(folder), "near", 70 * len(texts)) as files,
    ):
        column = TextFile(file)
        column.add(forms)
        compared = Compared(column.texts(), short, sketch(forms))
        for start in range(0, len(texts), AT_ONCE):
            keys, owners = near_keys(forms[start : start + AT_ONCE], short[start : start + AT_ONCE])
            files.add(keys, owners + start)
        found = find_copies(len(texts), files, lambda left, right: compared.similarities(left, right, Near()))
    return set(np.flatnonzero(found.original != NONE).tolist())


def datasketch(texts: Sequence[str]) -> set[int]:
    """Texts of which MinHash LSH says that one before them is near."""
    from datasketch import MinHash, MinHashLSH

    lsh, removed = MinHashLSH(THRESHOLD, PERMUTATIONS), set()
    for number, found in enumerate(_sets(texts)):
        made = MinHash(PERMUTATIONS)
        made.update_batch([gram.encode() for gram in found])
        if lsh.query(made):
            removed.add(number)
        else:
            lsh.insert(number, made)
    return removed


def rensa(texts: Sequence[str]) -> set[int]:
    """The same with rensa."""
    from rensa import RMinHash, RMinHashLSH

    lsh, removed = RMinHashLSH(THRESHOLD, PERMUTATIONS, 16), set()
    for number, found in enumerate(_sets(texts)):
        made = RMinHash(PERMUTATIONS, 42)
        made.update(sorted(found))
        if lsh.query(made):
            removed.add(number)
        else:
            lsh.insert(number, made)
    return removed


def datatrove(texts: Sequence[str]) -> set[int]:
    """Texts that datatrove's MinHash leaves out; it is given the grams as lines, and each line is one of its words."""
    from datatrove.pipeline import dedup
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import TextNormConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Lines(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return text.split("\n")

        def sent_tokenize(self, text: str) -> list[str]:
            raise NotImplementedError

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            raise NotImplementedError

    as_it_is = TextNormConfig(**dict.fromkeys(TextNormConfig.__dataclass_fields__, False))
    config = dedup.MinhashConfig(n_grams=1, norm_config=as_it_is, hash_config=HashConfig(hash_fc="sha1"))
    with TemporaryDirectory() as folder:
        signatures, pairs, removed = (f"{folder}/{name}" for name in ("signatures", "pairs", "removed"))
        grams = ("\n".join(found) for found in _sets(texts))
        dedup.MinhashDedupSignature(signatures, config, Lines()).run(_documents(grams))
        for bucket in range(config.num_buckets):
            step = dedup.MinhashDedupBuckets(signatures, pairs, config=config, lines_to_buffer=-1)
            step.run(None, bucket, config.num_buckets)
        dedup.MinhashDedupCluster(pairs, removed, config).run(None)
        kept = {int(document.id) for document in dedup.MinhashDedupFilter(removed).run(_documents(texts))}
    return set(range(len(texts))) - kept


def trove_exact(texts: Sequence[str]) -> set[int]:
    """Texts that datatrove's exact de-duplication leaves out."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup.exact_dedup import (
        ExactDedupConfig,
        ExactDedupFilter,
        ExactDedupSignature,
        ExactFindDedups,
    )
    from datatrove.utils.hashing import HashConfig

    def content(document: Document) -> str:
        return normalize_for_matching(document.text)

    content.__annotations__["return"] = str  # it asks for the type itself, not for its name
    config = ExactDedupConfig(content, hash_config=HashConfig(hash_fc="sha1"))
    with TemporaryDirectory() as folder:
        signatures, removed = f"{folder}/signatures", f"{folder}/removed"
        ExactDedupSignature(signatures, config).run(_documents(texts))
        ExactFindDedups(signatures, removed, config).run()
        kept = {int(document.id) for document in ExactDedupFilter(removed, config).run(_documents(texts))}
    return set(range(len(texts))) - kept


def _documents(texts: Iterable[str]) -> Iterator[Any]:
    """Texts as datatrove reads them, under their numbers; and it says nothing on the way."""
    from datatrove.data import Document
    from loguru import logger

    logger.remove()
    return (Document(text, str(number)) for number, text in enumerate(texts))


WAYS: dict[str, Callable[[Sequence[str]], set[int]]] = {
    "exact": exact,
    "ecominstruct": ecominstruct,
    "datasketch": datasketch,
    "rensa": rensa,
    "datatrove": datatrove,
    "trove_exact": trove_exact,
}


def measure(way: str, texts: Sequence[str], answers: Any) -> None:
    """Run one way, in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, used = time.perf_counter(), time.process_time()
    removed = WAYS[way](texts)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    answers.put((time.perf_counter() - begun, time.process_time() - used, peak, removed))


def answer_of(worker: Any, answers: Any) -> Any:
    """What a worker says; a worker that dies without a word (a package is absent) ends the benchmark."""
    while worker.is_alive() or not answers.empty():
        try:
            return answers.get(timeout=1)
        except Empty:
            continue
    raise SystemExit(worker.exitcode or 1)


def main() -> None:
    """Run all ways on the same texts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    texts = texts_of(asked.data if asked.data and asked.data.is_dir() else None, asked.rows)
    planted = plant(texts)
    context = multiprocessing.get_context("spawn")
    found: dict[str, Any] = {"texts": len(texts), "planted": len(planted), "ways": {}}
    for way in WAYS:
        answers = context.Queue()
        worker = context.Process(target=measure, args=(way, texts, answers))
        worker.start()
        seconds, processor, peak, removed = answer_of(worker, answers)
        worker.join()
        row: dict[str, Any] = {"s": round(seconds, 2), "cpu_s": round(processor, 2), "mb": round(peak)}
        for name, short in (("recall_short", True), ("recall_long", False)):
            pairs = [pair for pair in planted if pair.short is short]
            hits = sum(pair.text in removed or pair.copy in removed for pair in pairs)
            row[name] = round(hits / len(pairs), 4) if pairs else None
        found["ways"][way] = row | {"removed": len(removed)}
    if asked.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    sys.stdout.write(f"{found['texts']:,} texts, {found['planted']:,} planted near copies\n")
    for way, row in found["ways"].items():
        sys.stdout.write(f"{way:13}" + "  ".join(f"{name} {value}" for name, value in row.items()) + "\n")


if __name__ == "__main__":
    main()
