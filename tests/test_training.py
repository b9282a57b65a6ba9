"""Tuning: what the loss counts, in which order rows are seen, what is kept, and what is said when it cannot be."""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ecominstruct.config.recipe import Recipe
from ecominstruct.config.strict_yaml import load
from ecominstruct.config.training import Lora, Tiny, TrainSpec
from ecominstruct.errors import InputError
from ecominstruct.models.chat import Chat
from ecominstruct.models.local import Local
from ecominstruct.rows import Example
from ecominstruct.runs.progress import Silent
from ecominstruct.tasks.prompts import render_prompt
from ecominstruct.training.base import load_base
from ecominstruct.training.card import grade, model_card
from ecominstruct.training.rows import NO_LOSS, capped, data_of, encode, order, packed, some
from ecominstruct.training.tune import Tuned, save, tune
from examples import about, example, examples

pytestmark = pytest.mark.slow  # heavy libraries

torch = pytest.importorskip("torch", reason="the extra `train` is not installed: make models")
trl = pytest.importorskip("trl", reason="the extra `train` is not installed: make models")

SPEC = TrainSpec(
    model="tiny", tiny=Tiny(layers=1, hidden=16, heads=2, vocabulary=400), learning_rate=0.01, epochs=2, batch=8,
    device_batch=4, max_length=128, checkpoint=4, patience=None, device="cpu",
)  # fmt: skip


def tuned(folder: Path, spec: TrainSpec = SPEC, rows: list[Example] | None = None, held: int = 6) -> Tuned:
    """Tune on examples by hand."""
    return tune(spec, examples(40) if rows is None else rows, examples(held, "validation"), folder, about(), Silent())


def weights(folder: Path) -> bytes:
    """The bytes of a tuned model."""
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tuned tiny model."""
    return tuned(tmp_path_factory.mktemp("base") / "model").folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    """A small Llama, whose attention knows positions, with the tokenizer of the tiny model."""
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(3)
    folder = tmp_path_factory.mktemp("llama") / "model"
    chat = Chat.load(base)
    config = LlamaConfig(
        vocab_size=len(chat.tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, tie_word_embeddings=False, pad_token_id=0, bos_token_id=1, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    chat.save(folder)
    return folder


# ------------------------------------------------------------------------------------------------- rows and labels


def test_the_loss_counts_the_answer_and_its_end_and_nothing_else(base: Path) -> None:
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    chat = Chat.load(base)
    rows = encode(chat, examples(9), 128)
    assert len(rows.rows) == 9 and not rows.rejects and not rows.cut
    for asked, row in zip(rows.examples, rows.rows, strict=True):
        labels = [label for label in row.labels if label != NO_LOSS]
        assert chat.tokenizer.decode(labels) == asked.output + chat.tokenizer.eos_token
        assert row.input_ids == chat.prompt_ids(render_prompt(asked)) + labels
        assert row.labels == [NO_LOSS] * (len(row.input_ids) - len(labels)) + labels
    batch = DataCollatorForLanguageModeling(pad_token_id=chat.tokenizer.pad_token_id)(list(data_of(rows.rows)))
    assert "token_type_ids" not in batch
    for row, ids, mask, labels in zip(
        rows.rows, batch["input_ids"], batch["attention_mask"], batch["labels"], strict=True
    ):
        length = len(row.input_ids)
        assert ids[:length].tolist() == row.input_ids and labels[:length].tolist() == row.labels
        assert mask.tolist() == [1] * length + [0] * (len(mask) - length)
        assert (labels[length:] == NO_LOSS).all()


def test_the_loss_is_that_of_trl(base: Path, tmp_path: Path) -> None:
    """On a processor only the logits of answers are computed; it must make no difference."""
    from ecominstruct.training.stopping import Wish
    from ecominstruct.training.trainer import Trainer, Watch, arguments

    made = load_base(SPEC.model_copy(update={"model": str(base)}), ())
    data = data_of(encode(made.chat, examples(6), 128).rows)
    trainer = Trainer(
        model=made.model, args=arguments(SPEC, tmp_path, False), train_dataset=data,
        processing_class=made.chat.tokenizer, callbacks=[Watch(SPEC, tmp_path, Wish(), Silent())],
    )  # fmt: skip
    batch = trainer.data_collator(list(data))
    with torch.no_grad():
        ours = trainer.compute_loss(made.model, dict(batch))
        theirs = super(Trainer, trainer).compute_loss(made.model, dict(batch))
    assert torch.allclose(ours, theirs, atol=1e-5) and float(ours) > 0


def test_long_inputs_are_cut_in_the_middle_and_what_cannot_fit_is_a_reject(base: Path) -> None:
    chat = Chat.load(base)
    long, plain = example("zh", 1, text="起" + "很好用" * 300 + "终"), example("en", 2)
    whole = len(chat.prompt_ids(render_prompt(plain))) + len(chat.answer_ids(plain.output)) + 30
    found = encode(chat, [long, plain], whole)
    assert found.cut == 1 and [len(row.input_ids) <= whole for row in found.rows] == [True, True]
    said = chat.tokenizer.decode(found.rows[0].input_ids)
    assert long.instruction in said and "起" in said and "终" in said and said.endswith("</s>")
    none = encode(chat, [plain], 12)
    assert [(reject.reason, reject.row) for reject in none.rejects] == [("too_long", plain.id)]
    with pytest.raises(InputError, match="none of 40 training rows fits"):
        tuned(base.parent / "none", SPEC.model_copy(update={"max_length": 16}))
    assert not (base.parent / "none").exists()


@given(st.integers(1, 40), st.floats(0.1, 3), st.integers(1, 9), st.integers(0, 5))
def test_each_epoch_shows_each_row_once(count: int, epochs: float, batch: int, seed: int) -> None:
    ids = [f"row {number}" for number in range(count)]
    lengths = [len(name) * (number % 3) for number, name in enumerate(ids)]
    places = order(ids, lengths, epochs, batch, seed)
    assert abs(len(places) - epochs * count) <= 0.5
    for begin in range(0, len(places) - count + 1, count):
        if begin % batch == 0 and count % batch == 0:  # epochs and steps end together
            assert sorted(places[begin : begin + count]) == list(range(count))
    assert max(map(places.count, set(places)), default=0) <= -(-epochs // 1)
    for begin in range(0, len(places), batch):
        shown = [lengths[place] for place in places[begin : begin + batch]]
        assert shown == sorted(shown)


def test_which_rows_are_taken_does_not_depend_on_their_order() -> None:
    rows = examples(30)
    taken = capped(rows, 5)
    assert len(taken) == 10 and {row.task for row in taken} == {"en/hand/verdict", "zh/hand/verdict"}
    assert set(taken) < set(capped(rows, 6)) and capped(rows, None) == sorted(rows, key=lambda row: (row.task, row.id))
    random.Random(1).shuffle(rows)
    assert capped(rows, 5) == taken and some(rows, 7) == some(sorted(rows), 7)


# ------------------------------------------------------------------------------------------------------- packing


def test_packed_rows_keep_their_labels_and_their_loss(llama: Path) -> None:
    made = load_base(SPEC.model_copy(update={"model": str(llama)}), ())
    rows = encode(made.chat, examples(12), 128).rows
    data = packed(rows, 128)
    assert len(data) < len(rows)
    apart = []
    for ids, labels, lengths in zip(data["input_ids"], data["labels"], data["seq_lengths"], strict=True):
        for length in lengths:
            apart.append((ids[:length], labels[:length]))
            ids, labels = ids[length:], labels[length:]
    assert sorted(apart) == sorted((row.input_ids, row.labels) for row in rows)
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    together, alone = (_loss(made.model, collate(list(items))) for items in (data, data_of(rows)))
    single = sum(_loss(made.model, collate([item])) for item in data_of(rows))
    assert together == pytest.approx(single, rel=1e-4) and alone == pytest.approx(single, rel=1e-4)


def _loss(model: Any, batch: dict[str, Any]) -> float:
    with torch.no_grad():
        logits = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits
    labels = batch["labels"][:, 1:].flatten()
    return float(torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels, reduction="sum"))


def test_packing_is_refused_where_rows_would_see_each_other(llama: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lets packed rows see each other"):
        tuned(tmp_path / "bloom", SPEC.model_copy(update={"packing": True}))
    done = tuned(tmp_path / "llama", SPEC.model_copy(update={"packing": True, "model": str(llama), "batch": 4}))
    assert done.facts["losses"]["last"] < done.facts["losses"]["first"]


# --------------------------------------------------------------------------------------------- what is left behind


def test_the_same_rows_give_the_same_weights_and_others_do_not(base: Path, tmp_path: Path) -> None:
    rows = examples(40)
    random.Random(1).shuffle(rows)
    assert weights(tuned(tmp_path / "again", rows=rows).folder) == weights(base)
    assert weights(tuned(tmp_path / "other", rows=rows[1:]).folder) != weights(base)
    assert weights(tuned(tmp_path / "seed", SPEC.model_copy(update={"seed": 2})).folder) != weights(base)


def test_the_folder_says_what_it_is_and_answers(base: Path) -> None:
    names = {path.name for path in base.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "chat.json"} < names
    assert {"README.md", "losses.jsonl", "tuned.json"} < names
    assert not [path for path in base.rglob("*") if path.suffix in {".bin", ".pt", ".pth", ".pkl"}]
    assert not list(base.parent.glob(".*")), "checkpoints have done their work"
    losses = [json.loads(line) for line in (base / "losses.jsonl").read_text().splitlines()]
    facts = json.loads((base / "tuned.json").read_text())
    assert [entry["step"] for entry in losses if "loss" in entry] == list(range(1, facts["steps"] + 1))
    assert losses[-1]["epoch"] == 2 and sum("validation_loss" in entry for entry in losses) == 3
    assert facts["losses"]["last"] < facts["losses"]["first"]
    for path in base.rglob("*.json*"):
        assert str(base.parent) not in path.read_text()
    from ecominstruct.config.local_models import LocalSpec

    assert Chat.load(base).choice == "saved"
    assert Local("model", LocalSpec(folder=str(base)), base.parent / "answers").fingerprint()


def test_the_card_tells_rows_licences_and_settings_and_data_is_no_markup(base: Path) -> None:
    card = (base / "README.md").read_text()
    assert "**CC-BY-SA-4.0** (share-alike" in card and "| en/hand/verdict |" in card
    assert "20 rows (50%) are synthetic" in card and "Verdict \\| of \\`a\\` thing" in card
    assert "| learning_rate | 0.01 |" in card and "lora" not in card
    strict = ["unknown", "LicenseRef-research", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "MIT"]
    assert [grade(name) for name in strict] == [3, 3, 2, 1, 0]
    facts = json.loads((base / "tuned.json").read_text())
    other = about()
    other["tasks"]["zh/hand/verdict"]["licence"] = "unknown"  # type: ignore[index]
    assert "**unknown** (nothing is stated" in model_card(facts, other)


def test_what_lies_there_whole_is_kept_and_what_is_damaged_is_made_again(base: Path) -> None:
    before, made = weights(base), (base / "config.json").stat().st_mtime_ns
    assert tuned(base).facts == json.loads((base / "tuned.json").read_text())
    assert (base / "config.json").stat().st_mtime_ns == made, "nothing was done"
    (base / "model.safetensors").write_bytes(before[:-9])
    assert weights(tuned(base).folder) == before


def test_lora_reloads_to_the_bit_and_merges_almost_so(base: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from ecominstruct.training.base import adapted

    spec = SPEC.model_copy(update={"model": str(base), "method": "lora", "lora": Lora(r=4, dropout=0.0)})
    done = tuned(tmp_path / "lora", spec)
    assert 0 < done.facts["parameters"]["tuned"] < done.facts["parameters"]["all"]
    made = load_base(spec, ())
    model = adapted(made.model, spec.lora, 1)
    for name, tensor in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(tensor, std=0.1)
    ids = torch.tensor([made.chat.prompt_ids("水壶很好用 kettle")])
    with torch.no_grad():
        before = model.eval()(ids).logits
        save(spec, made, model, tmp_path / "saved")
        whole = AutoModelForCausalLM.from_pretrained(str(base), dtype=torch.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            again = PeftModel.from_pretrained(whole, str(tmp_path / "saved/adapter")).eval()(ids).logits
        merged = AutoModelForCausalLM.from_pretrained(str(tmp_path / "saved"), dtype=torch.float32).eval()(ids).logits
    assert (again - before).abs().max() == 0
    assert (merged - before).abs().max() <= 1e-5
    assert str(tmp_path) not in (tmp_path / "saved/adapter/adapter_config.json").read_text()


def test_tuning_ends_when_the_loss_on_validation_rows_rises_and_keeps_the_best(tmp_path: Path) -> None:
    """The validation rows say the opposite of the training rows: the better these are learned, the worse for those."""
    swap = {"good": "bad", "bad": "good", "好": "坏", "坏": "好"}
    held = [row._replace(id=row.id[::-1], output=swap[row.output]) for row in examples(40)]
    spec = SPEC.model_copy(update={"epochs": 30, "checkpoint": 5, "patience": 2})
    done = tune(spec, examples(40), held, tmp_path / "model", about(), Silent())
    losses = [json.loads(line) for line in (tmp_path / "model/losses.jsonl").read_text().splitlines()]
    measured = [entry["validation_loss"] for entry in losses if "validation_loss" in entry]
    assert done.facts["steps"] < 150 and measured[-3] == min(measured) == done.facts["losses"]["validation"]


# ----------------------------------------------------------------------------------------------------- bad input


def _broken(folder: Path, source: Path, change: str) -> Path:
    """A copy of a model folder from which something is missing."""
    import shutil

    shutil.copytree(source, folder)
    for name in {"tokenizer": ("tokenizer.json",), "template": ("chat_template.jinja", "chat.json")}.get(change, ()):
        (folder / name).unlink()
    if change == "pickles":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    if change == "template changed":
        (folder / "chat_template.jinja").write_text("{% for m in messages %}{{ m['content'] }}!{% endfor %}")
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("tokenizer", "holds no tokenizer"),
        ("template", "holds no chat template"),
        ("pickles", "only as pickles"),
        ("template changed", "another chat template"),
    ],
)
def test_a_folder_that_is_no_whole_model_is_refused(base: Path, tmp_path: Path, change: str, said: str) -> None:
    folder = _broken(tmp_path / "copy", base, change)
    with pytest.raises(InputError, match=said) as caught:
        tuned(tmp_path / "model", SPEC.model_copy(update={"model": str(folder)}))
    assert len(caught.value.faults) == 1 and str(folder) in str(caught.value)
    assert not (tmp_path / "model").exists()


def test_an_adapter_for_another_base_and_one_without_its_base_are_refused(base: Path, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"model": str(base), "method": "lora"})
    adapter = tuned(tmp_path / "lora", spec).folder / "adapter"
    with pytest.raises(InputError, match="is an adapter for 'model', which is no folder here"):
        tuned(tmp_path / "model", SPEC.model_copy(update={"model": str(adapter)}))
    other = tuned(tmp_path / "other", SPEC.model_copy(update={"seed": 5})).folder
    (adapter / "adapter_config.json").write_text(
        json.dumps(json.loads((adapter / "adapter_config.json").read_text()) | {"base_model_name_or_path": str(other)})
    )
    with pytest.raises(InputError, match="is an adapter for another base"):
        tuned(tmp_path / "model", SPEC.model_copy(update={"model": str(adapter)}))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_absent_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="requests a GPU, but torch finds none"):
        tuned(tmp_path / "model", SPEC.model_copy(update={"device": "cuda"}))


def test_layers_that_are_not_there_are_said(base: Path, tmp_path: Path) -> None:
    lora = Lora(targets=["q_proj"])
    with pytest.raises(InputError, match=r"lora: targets: .*q_proj"):
        tuned(tmp_path / "model", SPEC.model_copy(update={"model": str(base), "method": "lora", "lora": lora}))


def test_a_loss_that_is_no_number_stops_and_the_last_good_checkpoint_is_named(llama: Path, tmp_path: Path) -> None:
    """One word of one row, the last that is seen, has an embedding that is no number."""
    from safetensors.torch import load_file, save_file

    folder = _broken(tmp_path / "copy", llama, "")
    chat = Chat.load(folder)
    rows = examples(40)
    spec = SPEC.model_copy(update={"model": str(folder), "epochs": 1, "checkpoint": 2, "patience": None})
    found = encode(chat, capped(rows, None), spec.max_length)
    lengths = [len(row.input_ids) for row in found.rows]
    last = order([row.id for row in found.examples], lengths, 1, spec.batch, spec.seed)[-1]
    rows = [row._replace(input=row.input + " ☃") if row.id == found.examples[last].id else row for row in rows]
    token = chat.prompt_ids("☃")[0]
    tensors = load_file(folder / "model.safetensors")
    assert not any(token in row.input_ids for row in found.rows)
    tensors["model.embed_tokens.weight"][token] = float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "model").mkdir()
    (tmp_path / "model/kept").write_text("as before")
    with pytest.raises(InputError, match=r"the loss is not finite at step 5.*checkpoint-4") as caught:
        tuned(tmp_path / "model", spec, rows, held=0)
    assert len(caught.value.faults) == 1
    assert (tmp_path / "model/kept").read_text() == "as before"
    assert (tmp_path / ".model.tuning/checkpoint-4/whole.json").is_file()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{model: tiny, batch: 10, device_batch: 4}", "batch must be a multiple"),
        ("{model: tiny, method: lora}", "cannot be tuned with lora"),
        ("{model: tiny, tiny: {hidden: 30}}", "multiple of `heads`"),
        ("{model: tiny, learning_rte: 0.1}", "unknown key 'train.learning_rte'. Did you mean 'learning_rate'?"),
        ("{}", "the key 'train.model' is missing"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path: Path, section: str, said: str) -> None:
    (tmp_path / "r.yaml").write_text(f"title: t\ntrain: {section}\n")
    with pytest.raises(InputError, match=r"r\.yaml:2") as caught:
        load(tmp_path / "r.yaml", Recipe)
    assert said in str(caught.value)


def test_the_defaults_are_the_published_settings() -> None:
    spec = TrainSpec(model="models/bloomz-560m")
    assert (spec.learning_rate, spec.schedule, spec.warmup, spec.weight_decay) == (2e-5, "cosine", 0.03, 0)
    assert (spec.epochs, spec.batch, spec.max_length, spec.max_rows_per_task) == (3, 128, 1024, 800)
    with pytest.raises(ValidationError):
        TrainSpec(model="")
