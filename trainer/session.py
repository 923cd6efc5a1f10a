"""All that training changes, and what it works on; can be saved and restored bit for bit."""

import math
from typing import Any

import msgspec
import torch

from trainer import randomness
from trainer.batches import BatchOrder, Windows
from trainer.config import Config
from trainer.corpus.store import Corpus, Split
from trainer.distributed import ALONE, Group
from trainer.evaluate import Evaluation, evaluate
from trainer.marks import marks_of
from trainer.meter import Meter
from trainer.model import Model
from trainer.optim import make_optimizer, optimizer_state, restore_optimizer
from trainer.plan import Plan
from trainer.plan_choice import choose_plan
from trainer.resident import ResidentSteps
from trainer.schedule import learning_rate
from trainer.snapshot import snapshot
from trainer.step import TrainStep, sharded_objective
from trainer.steps import Agenda, HostSteps, Parts, Steps
from trainer.tokenizer import Tokenizer
from trainer.window_starts import DOCUMENTS, document_windows


def fingerprints(corpus: Corpus, tokenizer: Tokenizer) -> dict[str, str]:
    """Return what must be the same for a resumed run to see the batches it would have seen."""
    return {
        "corpus": corpus.manifest.fingerprint,
        "tokenizer": tokenizer.sha256,
        "windows": DOCUMENTS,
    }


class Session:
    """A model in training on one device."""

    def __init__(
        self,
        config: Config,
        corpus: Corpus,
        tokenizer: Tokenizer,
        device: torch.device,
        group: Group = ALONE,
        plan: Plan | None = None,
        *,
        is_sharded: bool = False,
    ) -> None:
        self.config = config
        self.tokenizer = tokenizer
        self.device = device
        self.group = group
        self.is_sharded = is_sharded
        self.step = 0
        self.best_val_loss = math.inf
        self.best_step = 0
        self.meter = Meter(config.log.every, device)
        self.marks = marks_of(device)
        generator = randomness.seed_everything(
            config.seed, deterministic=config.device.deterministic
        )
        model = Model(config.model)
        model.initialize(generator)
        self.model = model.to(device)
        self.plan = plan or self._shared_plan()
        objective = None
        if is_sharded:
            objective = sharded_objective(self.model, self.plan, self.marks, device, group)
        self._optimizer = make_optimizer(self.model, config.optim, device)
        self._train_step = TrainStep(
            self.model, self._optimizer, config, device, self.plan, group, self.marks, objective
        )
        self.windows = _training_windows(corpus.train, config.data.seq_len, device)
        self._val_windows = Windows(corpus.val.tokens, config.data.seq_len, device)
        self._order = BatchOrder(self.windows.count, config.data.batch_size, config.seed)
        self._steps = self._make_steps()
        self._token_bytes = tokenizer.token_bytes
        self._materials = fingerprints(corpus, tokenizer)

    @property
    def lr(self) -> float:
        """Learning rate of the last step."""
        return learning_rate(self.step, self.config.schedule, self.config.optim)

    @property
    def tokens(self) -> int:
        """Tokens trained on so far."""
        return self.step * self.config.tokens_per_step

    @property
    def epoch(self) -> float:
        """Passes over the training split so far."""
        return self._order.epochs(self.step)

    @property
    def is_done(self) -> bool:
        """Whether the last step was taken."""
        return self.step >= self.config.schedule.steps

    def take_step(self) -> None:
        """Train on the next batch; its measurements go to the meter."""
        self.step += 1
        self._steps.take(self.step)

    def step_news(self) -> str | None:
        """Return what was found out about how to step since the last call, for people."""
        return self._steps.news()

    def _make_steps(self) -> Steps:
        agenda = Agenda(self.config, self._order, self.group)
        parts = Parts(agenda, self.windows, self._train_step, self.meter, self.marks)
        if not self.windows.is_resident:
            return HostSteps(parts)
        # What several ranks exchange is not captured: not yet seen on GPUs.
        is_captured = self.plan.is_captured and self.group.size == 1
        return ResidentSteps(parts, self.device, is_captured=is_captured)

    def _shared_plan(self) -> Plan:
        """Choose how to compute; rank 0 does for all."""
        tokens = self.config.tokens_per_step // self.group.size
        plan = None
        if self.group.is_main:
            plan = choose_plan(self.config, self.model, self.device, tokens)
        shared = self.group.share(plan)
        assert shared is not None
        return shared

    def windows_of(self, step: int) -> list[int]:
        """Return the numbers of the windows that `step` trained on."""
        return self._order.batch(step).tolist()

    def evaluate(self) -> Evaluation:
        """Score the held-out split."""
        return evaluate(
            self.whole_model(),
            self._val_windows,
            self._token_bytes,
            self.config,
            self.device,
            self.plan.torch_dtype,
            self.group,
        )

    def whole_model(self) -> Model:
        """Return the model to call in other ways than training does; collective if sharded."""
        if not self.is_sharded:
            return self.model
        from trainer.sharding import whole_model

        return whole_model(self.model)

    def beats_best(self, val_loss: float) -> bool:
        """Note `val_loss` if it is strictly better than all before; say whether it was."""
        if not val_loss < self.best_val_loss:
            return False
        self.best_val_loss, self.best_step = val_loss, self.step
        return True

    def weights(self) -> dict[str, Any]:
        """Return what sampling and evaluation need, for a checkpoint."""
        return {
            "step": self.step,
            "config": msgspec.to_builtins(self.config),
            "model": self.model.state_dict(),
            "materials": self._materials,
        }

    def state(self) -> dict[str, Any]:
        """Return everything that going on exactly needs, for a checkpoint."""
        return self.weights() | {
            "optimizer": optimizer_state(self._optimizer),
            "random": randomness.states(),
            "interval": self.meter.state(),
            "guard": self._train_step.guard.state(),
            "plan": msgspec.to_builtins(self.plan),
            "best_val_loss": self.best_val_loss,
            "best_step": self.best_step,
            "tokens": self.tokens,
        }

    def copied(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return `content` with its tensors copied to the host; collective if sharded."""
        if not self.is_sharded:
            return snapshot(content, self.device)
        from trainer.sharding import full_state

        return full_state(content, self.group)

    def _restore_weights(self, state: dict[str, Any]) -> None:
        if not self.is_sharded:
            self.model.load_state_dict(state["model"])
            restore_optimizer(self._optimizer, state["optimizer"])
            return
        from trainer.sharding import load_full_state

        ours = state if self.group.is_main else None
        load_full_state(self.model, self._optimizer, ours, self.group)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.step = state["step"]
        self.best_val_loss, self.best_step = state["best_val_loss"], state["best_step"]
        self._restore_weights(state)
        self._steps.forget()
        self.meter.restore(state["interval"])
        self._train_step.guard.restore(state["guard"])
        randomness.restore(state["random"])


def _training_windows(split: Split, seq_len: int, device: torch.device) -> Windows:
    starts = document_windows(split.offsets, len(split.tokens), seq_len)
    return Windows(split.tokens, seq_len, device, starts=starts)
