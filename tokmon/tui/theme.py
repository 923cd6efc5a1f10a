"""The colours, dark and light, told apart by colour-blind eyes (Okabe and Ito 2008, adapted).

Text of every colour has at least 4.5:1 against its ground (WCAG 2.2, 1.4.3), and the signal colours
differ under protan-, deuteran- and tritanopia as well: tests/tui/test_theme.py measures both.
With 16 colours Textual takes the nearest of them; with NO_COLOR it takes greys. Hence no meaning
rests on colour: each has a sign, a word or a text style beside it.
"""

from collections.abc import Mapping

from textual.theme import Theme

VARIABLE = "TOKMON_THEME"

TOKMON_THEME = Theme(
    name="tokmon",
    primary="#5ab4e5",
    secondary="#cc8fb3",
    accent="#5ab4e5",
    warning="#e8ab3c",
    error="#f2785c",
    success="#7ad39a",
    foreground="#d3dae2",
    background="#0f1419",
    surface="#141a21",
    panel="#1d252e",
    dark=True,
    variables={
        "text-muted": "#8090a0",
        "border": "#33404d",
        "footer-key-foreground": "#5ab4e5",
        "footer-background": "#141a21",
        "footer-description-foreground": "#8090a0",
        "block-cursor-text-style": "none",
        "input-selection-background": "#5ab4e5 35%",
    },
)

TOKMON_LIGHT = Theme(
    name="tokmon-light",
    primary="#044c84",
    secondary="#8f3f74",
    accent="#044c84",
    warning="#603707",
    error="#b9340b",
    success="#097051",
    foreground="#1c2733",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e7e4dc",
    dark=False,
    variables={
        "text-muted": "#56626f",
        "border": "#8f989f",
        "footer-key-foreground": "#044c84",
        "footer-background": "#f3f1ec",
        "footer-description-foreground": "#56626f",
        "block-cursor-text-style": "none",
        "input-selection-background": "#044c84 25%",
        "chart-raw": "#5f93b5",
        "chart-smooth": "#005a94",
        "chart-validation": "#8a5000",
        "chart-best": "#6b4300",
    },
)

CHART_VARIABLES = {
    "chart-raw": "#3d7a9e",
    "chart-smooth": "#5ab4e5",
    "chart-validation": "#e8ab3c",
    "chart-best": "#f6d58e",
}
"""Of the loss chart, in any theme that does not name its own."""

THEMES = (TOKMON_THEME, TOKMON_LIGHT)


def suited_theme(environment: Mapping[str, str]) -> str:
    """Return the name of the theme for this terminal: TOKMON_THEME, else what COLORFGBG tells.

    COLORFGBG is set by rxvt, Konsole and others: `15;0` is white on black. 7 and 9 to 15 are the
    light grounds. Without it: dark.
    """
    if chosen := environment.get(VARIABLE):
        return TOKMON_LIGHT.name if "light" in chosen.lower() else TOKMON_THEME.name
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    is_light = ground.isdigit() and (int(ground) == 7 or 9 <= int(ground) <= 15)
    return TOKMON_LIGHT.name if is_light else TOKMON_THEME.name
