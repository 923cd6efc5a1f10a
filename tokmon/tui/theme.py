"""The colours: dark and calm, told apart by colour-blind eyes (Okabe and Ito 2008, lightened)."""

from textual.theme import Theme

TOKMON_THEME = Theme(
    name="tokmon",
    primary="#5ab4e5",
    secondary="#cc8fb3",
    accent="#5ab4e5",
    warning="#e8ab3c",
    error="#f2785c",
    success="#3dbd97",
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

CHART_VARIABLES = {
    "chart-raw": "#3d7a9e",
    "chart-smooth": "#5ab4e5",
    "chart-validation": "#e8ab3c",
    "chart-best": "#f6d58e",
}
"""Of the loss chart, in any theme."""
