"""Colours: readable on their ground, told apart by colour-blind eyes, light and dark."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.color import Color
from textual.theme import Theme

from tokmon.tui.theme import CHART_VARIABLES, THEMES, TOKMON_LIGHT, TOKMON_THEME, suited_theme

Floats = NDArray[np.float64]
# Linear RGB to what is seen without one kind of cones (Machado, Oliveira and Fernandes 2009,
# severity 1.0).
SEEN: dict[str, Floats] = {
    "all": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
SIGNALS = ("primary", "warning", "error", "success")
LEAST_CONTRAST = 4.5
LEAST_DIFFERENCE = 0.05
"""In OKLab; 0.02 is about what an eye just tells apart side by side."""


def colour(theme: Theme, name: str) -> Color:
    value = getattr(theme, name.replace("-", "_"), None)
    return Color.parse(value or theme.variables.get(name) or CHART_VARIABLES[name])


def linear(of: Color) -> Floats:
    values = np.array([of.r, of.g, of.b]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(front: Color, ground: Color) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    light, dark = sorted((float(weights @ linear(one)) for one in (front, ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: Floats) -> Floats:
    """Return linear RGB in OKLab (Ottosson 2020)."""
    to_lms = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(np.clip(to_lms @ np.clip(rgb, 0, 1), 0, None))


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize(
    "name",
    [
        *SIGNALS,
        "secondary",
        "foreground",
        "text-muted",
        "chart-smooth",
        "chart-validation",
        "chart-best",
    ],
)
def test_text_is_readable_on_every_ground(theme: Theme, name: str) -> None:
    for ground in ("background", "surface", "panel"):
        ratio = contrast(colour(theme, name), colour(theme, ground))
        assert ratio >= LEAST_CONTRAST, f"{name} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("eye", SEEN)
@pytest.mark.parametrize("names", [SIGNALS, ("chart-smooth", "chart-validation")], ids=len)
def test_colours_that_mean_something_differ_to_every_eye(
    theme: Theme, eye: str, names: tuple[str, ...]
) -> None:
    seen = {name: oklab(SEEN[eye] @ linear(colour(theme, name))) for name in names}
    for one, other in itertools.combinations(names, 2):
        difference = float(np.linalg.norm(seen[one] - seen[other]))
        assert difference >= LEAST_DIFFERENCE, f"{one} and {other}: {difference:.3f}"


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "tokmon"),
        ({"TOKMON_THEME": "light"}, "tokmon-light"),
        ({"TOKMON_THEME": "tokmon-light", "COLORFGBG": "15;0"}, "tokmon-light"),
        ({"TOKMON_THEME": "dark", "COLORFGBG": "0;15"}, "tokmon"),
        ({"COLORFGBG": "0;15"}, "tokmon-light"),
        ({"COLORFGBG": "0;default;7"}, "tokmon-light"),
        ({"COLORFGBG": "15;0"}, "tokmon"),
        ({"COLORFGBG": "15;8"}, "tokmon"),
        ({"COLORFGBG": "nonsense"}, "tokmon"),
    ],
)
def test_the_theme_suits_the_terminal_as_far_as_it_tells(
    environment: dict[str, str], name: str
) -> None:
    assert suited_theme(environment) == name


def test_both_themes_name_the_same_things() -> None:
    assert set(TOKMON_THEME.variables) | set(CHART_VARIABLES) == set(TOKMON_LIGHT.variables)
