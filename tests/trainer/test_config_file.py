"""Configs: what is refused, in which words, and what overrides do."""

import ast
from pathlib import Path

import pytest

import trainer.config
from tokmon.rundir.errors import TokmonError
from trainer.config import Config, corpus_path
from trainer.config_file import load_config

MINIMAL = """experiment = "x"
[data]
corpus = "c"
[schedule]
steps = 10
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, *overrides: str) -> str:
    with pytest.raises(TokmonError) as caught:
        load_config(write(folder, text), overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_a_config_leaves_out_has_the_reference_values(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, MINIMAL))

    assert config.model.vocab == 50257
    assert config.optim.betas == (0.9, 0.95)
    assert config.tokens_per_step == 16_384


def test_unknown_key_names_file_line_and_the_nearest_key(tmp_path: Path) -> None:
    message = refusal(tmp_path, MINIMAL + "[optim]\nlrr = 1.0\n")

    assert f"{tmp_path / 'x.toml'}:7: optim.lrr: unknown key" in message
    assert "did you mean lr?" in message


def test_unknown_section_names_the_nearest(tmp_path: Path) -> None:
    assert "did you mean optim?" in refusal(tmp_path, MINIMAL + "[optm]\nlr = 1.0\n")


def test_wrong_type_names_key_and_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, MINIMAL.replace("10", '"ten"'))

    assert f"{tmp_path / 'x.toml'}:5: schedule.steps" in message
    assert "Expected `int`, got `str`" in message


def test_negative_steps_are_refused(tmp_path: Path) -> None:
    assert "x.toml:5: schedule.steps" in refusal(tmp_path, MINIMAL.replace("10", "-10"))


def test_missing_key_is_named(tmp_path: Path) -> None:
    assert "the key data is missing" in refusal(tmp_path, 'experiment = "x"\n')


def test_missing_file_broken_toml_and_binary_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(TokmonError, match="no such config file"):
        load_config(tmp_path / "none.toml")
    assert "not TOML" in refusal(tmp_path, "experiment = \n")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TokmonError, match="not UTF-8"):
        load_config(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("[model]\nwidth = 30\nheads = 4\n", "not a multiple of 2 x heads"),
        ("[optim]\nmin_lr = 1.0\n", "min_lr 1.0 is above lr"),
        ("[eval]\nevery = 150\n", "not a multiple of log.every"),
        ("[optim]\nbetas = [0.9, 1.5]\n", "optim.betas"),
        ('[device]\ndtype = "float8"\n', "device.dtype"),
    ],
)
def test_values_that_cannot_work_are_refused(tmp_path: Path, addition: str, message: str) -> None:
    assert message in refusal(tmp_path, MINIMAL + addition)


def test_experiment_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    assert "experiment" in refusal(tmp_path, MINIMAL.replace('"x"', '"../x"'))


def test_overrides_are_toml_values_or_strings(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)

    config = load_config(path, ["optim.lr=1e-4", "device.device=cpu", "optim.betas=[0.8, 0.9]"])

    assert config.optim.lr == 1e-4
    assert config.device.device == "cpu"
    assert config.optim.betas == (0.8, 0.9)


def test_wrong_override_names_itself(tmp_path: Path) -> None:
    assert "--set optim.lr" in refusal(tmp_path, MINIMAL, "optim.lr=fast")
    assert "--set optim.lrr: unknown key" in refusal(tmp_path, MINIMAL, "optim.lrr=1")
    assert "not of the form key=value" in refusal(tmp_path, MINIMAL, "optim.lr")
    assert "experiment is not a section" in refusal(tmp_path, MINIMAL, "experiment.x=1")


def test_corpus_is_seen_from_the_config_file_or_from_the_command(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)

    assert corpus_path(load_config(path), path) == tmp_path / "c"
    overridden = load_config(path, ["data.corpus=d"])
    assert corpus_path(overridden, path) == Path.cwd() / "d"


def test_every_config_field_has_its_docstring() -> None:
    tree = ast.parse(Path(trainer.config.__file__).read_text(encoding="utf-8"))
    undocumented = [
        f"{section.name}.{field.target.id}"
        for section in tree.body
        if isinstance(section, ast.ClassDef)
        for field, after in zip(section.body, [*section.body[1:], ast.Pass()], strict=True)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]

    assert undocumented == []


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.toml")), ids=lambda path: path.name)
def test_every_shipped_config_loads_and_its_corpus_is_there(path: Path) -> None:
    config = load_config(path)

    assert isinstance(config, Config)
    assert config.experiment == path.stem
    assert corpus_path(config, path).exists()
