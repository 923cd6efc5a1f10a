"""Evaluates one set of weights, stage by stage. Finds no file, prints nothing."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec
import torch

from trainer.corpus.manifest import WITHOUT_WHITESPACE
from trainer.device import describe
from trainer.evaluate import IMPLAUSIBLE_BPB
from trainer.evaluation.drawn import GREEDY, draw
from trainer.evaluation.held_out import HeldOut, accuracy, held_out_losses
from trainer.evaluation.own_corpus import Found
from trainer.evaluation.result import CorpusFacts, Result, Settings
from trainer.evaluation.trust import Recorded, implausible, was_evaluated
from trainer.evaluation.verdicts import judged, refused
from trainer.gate import GateReport, examine
from trainer.sampling_settings import JUDGED
from trainer.sampling_settings import Settings as Drawing
from trainer.scoring.human import human_pieces
from trainer.scoring.measures import Predictions, Scores
from trainer.scoring.predictions import Reader
from trainer.scoring.report import score_samples
from trainer.scoring.samples import Sample
from trainer.scoring.suite import Prompt
from trainer.tokenizer import load_tokenizer
from trainer.trained import TrainedModel

_MOST_READ = 32_768
"""Tokens that accuracy is measured on, of which some 1,300 are keywords."""
_READ_AT_A_TIME = 16
_EXAMPLES = 3

Progress: TypeAlias = Callable[[int, int], None]
"""Called with what is done of a stage, and the whole; a whole of 0 is unknown."""


class Plan(NamedTuple):
    """What is drawn."""

    prompts: tuple[Prompt, ...]
    """The suite."""
    per_prompt: int
    """Samples a prompt."""
    seed: int
    """Of draws, pieces and intervals."""


class Evaluator:
    """Evaluates the weights of `trained` on the held-out split of a corpus.

    Args:
        trained: the weights.
        found: the corpus.
        plan: what is drawn.
        device: where the model is.
        stage: given the name of a stage, returns what to tell of its progress.
    """

    def __init__(
        self,
        trained: TrainedModel,
        found: Found,
        plan: Plan,
        device: torch.device,
        stage: Callable[[str], Progress],
    ) -> None:
        self._trained = trained
        self._found = found
        self._plan = plan
        self._device = device
        self._stage = stage
        self._tokenizer = load_tokenizer()
        config = trained.config
        self._held_out = HeldOut(found.corpus.val, config.data.seq_len, config.eval.windows, device)

    def result(self, names: str) -> Result:
        """Return all that can be said of the weights; `names` are those of their files.

        Raises:
            TokmonError: the model's output is not finite, or the split is too short.
        """
        trained = self._trained
        gate = self._gate()
        losses = self._losses()
        recorded = self._recorded(losses)
        sampled = self._draw(JUDGED, self._plan.per_prompt, "sampling")
        scores = self._scores(sampled, losses, "of samples")
        greedy = self._draw(GREEDY, 1, "sampling greedily")
        greedy_scores = self._scores(greedy, None, "of greedy samples")
        overlap = self._found.corpus.manifest.overlap
        too_good = implausible(losses.val_bpb.value, IMPLAUSIBLE_BPB, overlap)
        faults = tuple(filter(None, (*gate.faults, recorded.fault, too_good)))
        judgement = judged(scores, greedy_scores)
        verdict, conclusion = refused(faults, too_good) if faults else judgement
        return Result(
            experiment=trained.config.experiment,
            checkpoint=names,
            step=trained.step,
            sha256=trained.sha256,
            device=describe(self._device),
            verdict=verdict,
            conclusion=conclusion,
            faults=faults,
            notes=tuple(filter(None, (trained.notice, self._found.note))),
            scores=scores,
            greedy=greedy_scores,
            gate=gate.as_dict(),
            recorded=recorded.as_dict(),
            corpus=self._corpus_facts(),
            settings=self._settings(),
            examples=sampled[:_EXAMPLES],
        )

    def _gate(self) -> GateReport:
        self._stage("causality gate")(0, 0)
        length = self._trained.config.data.seq_len
        return examine(self._trained.model, length, self._device, torch.float32)

    def _losses(self) -> Predictions:
        return held_out_losses(
            self._trained,
            self._held_out,
            self._tokenizer,
            self._device,
            self._plan.seed,
            self._stage("held-out loss"),
        )

    def _recorded(self, losses: Predictions) -> Recorded:
        trained = self._trained
        assert losses.val_loss.value is not None
        return Recorded(
            # Of other windows than the run's own nothing is recorded.
            val_loss=trained.val_loss if self._found.is_own else None,
            measured=losses.val_loss.value,
            is_of_this_step=was_evaluated(trained.config, trained.step, trained.path),
        )

    def _draw(self, drawing: Drawing, count: int, name: str) -> tuple[Sample, ...]:
        prompts = self._plan.prompts * count
        # A seed for each, so that more samples leave the first ones as they were.
        seeds = range(self._plan.seed, self._plan.seed + len(prompts))
        stage = self._stage(name)
        return draw(self._trained, prompts, seeds, drawing, self._tokenizer, stage)

    def _scores(self, samples: tuple[Sample, ...], losses: Predictions | None, what: str) -> Scores:
        """Return what the samples are worth beside human pieces, and with `losses` predictions."""
        seed = self._plan.seed
        human = human_pieces(self._found.corpus.val, samples, self._tokenizer, seed)
        predictions = Predictions()
        if losses is not None:
            predictions = self._predictions(losses, samples, human)
        return score_samples(
            samples,
            human,
            seed=seed,
            predictions=predictions,
            corpus=self._found.corpus.train.tokens,
            on_progress=self._stage(f"copies {what}"),
        )

    def _predictions(
        self, losses: Predictions, samples: tuple[Sample, ...], human: tuple[Sample, ...]
    ) -> Predictions:
        seed = self._plan.seed
        reader = Reader(
            model=self._trained.model,
            tokenizer=self._tokenizer,
            seq_len=self._trained.config.data.seq_len,
            batch_size=_READ_AT_A_TIME,
            device=self._device,
            dtype=torch.float32,
        )
        told = self._stage("held-out accuracy")
        by_class = accuracy(reader, self._held_out, self._read_windows, seed, told)
        self._stage("reading samples")(0, 0)
        return msgspec.structs.replace(
            losses,
            accuracy=by_class,
            entropy=reader.entropy(samples, seed),
            human_entropy=reader.entropy(human, seed),
        )

    @property
    def _read_windows(self) -> int:
        """How many windows accuracy is measured on."""
        most = max(1, _MOST_READ // self._trained.config.data.seq_len)
        return min(len(self._held_out.chosen), most)

    def _corpus_facts(self) -> CorpusFacts:
        corpus = self._found.corpus
        manifest = corpus.manifest
        return CorpusFacts(
            name=manifest.name,
            fingerprint=manifest.fingerprint,
            folder=str(corpus.folder),
            is_own=self._found.is_own,
            bytes_per_token=manifest.splits["val"].bytes_per_token,
            overlap=manifest.overlap,
            overlap_without_whitespace=manifest.overlap_counts[WITHOUT_WHITESPACE].share,
        )

    def _settings(self) -> Settings:
        config = self._trained.config
        return Settings(
            prompts=len(self._plan.prompts),
            samples_per_prompt=self._plan.per_prompt,
            seed=self._plan.seed,
            max_new_tokens=JUDGED.max_new_tokens,
            temperature=JUDGED.temperature,
            top_p=JUDGED.top_p,
            windows=len(self._held_out.chosen),
            seq_len=config.data.seq_len,
            read_windows=self._read_windows,
        )
