"""The keys of the list of runs; moving about is the rows' own."""

from textual.binding import Binding, BindingType

RUNS_KEYS: list[BindingType] = [
    Binding(
        "enter",
        "open",
        "Open",
        key_display="enter",
        id="runs.open",
        tooltip="Show the run pointed at",
    ),
    Binding(
        "slash",
        "filter",
        "Filter",
        key_display="/",
        id="runs.filter",
        tooltip="Words that stand in name or state; esc shows all again",
    ),
    Binding("space", "mark", "Mark", id="runs.mark", tooltip="For a comparison"),
    Binding("c", "compare", "Compare", id="runs.compare", tooltip="The marked runs, two to eight"),
    Binding("o", "order", "Order", id="runs.order", tooltip="Newest first, by name, best first"),
    Binding("escape", "clear", "Show all", id="runs.clear", show=False),
    Binding(
        "question_mark,f1", "help", "Help", key_display="?", id="runs.help", tooltip="This list"
    ),
    Binding("q", "app.quit", "Quit", id="runs.quit", tooltip="Leave; the training goes on"),
]
