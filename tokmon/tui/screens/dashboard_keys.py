"""The keys of the dashboard; the help screen is made of them."""

from textual.binding import Binding, BindingType

DASHBOARD_KEYS: list[BindingType] = [
    Binding(
        "question_mark,f1",
        "help",
        "Help",
        key_display="?",
        id="dashboard.help",
        tooltip="This list",
    ),
    Binding(
        "q",
        "app.quit",
        "Quit",
        id="dashboard.quit",
        tooltip="Leave; the training goes on",
    ),
    Binding(
        "y",
        "toggle_log",
        "Log y",
        id="dashboard.log_y",
        tooltip="Loss axis linear or logarithmic",
    ),
    Binding(
        "g",
        "toggle_generation",
        "Generate",
        id="dashboard.generate",
        tooltip="Text from the best checkpoint",
    ),
    Binding(
        "e",
        "alerts",
        "Alerts",
        id="dashboard.alerts",
        tooltip="All alerts and unreadable lines",
        show=False,
    ),
    Binding(
        "v",
        "next_view",
        "View",
        id="dashboard.view",
        tooltip="On a small terminal: chart, table, facts, log in turn",
    ),
    Binding(
        "s",
        "samples",
        "Samples",
        id="dashboard.samples",
        tooltip="Texts that the trainer sampled, by step",
    ),
    Binding(
        "m",
        "enlarge",
        "Enlarge",
        id="dashboard.enlarge",
        tooltip="The focused pane alone; esc brings the others back",
        show=False,
    ),
    Binding(
        "tab",
        "app.focus_next",
        "Next pane",
        id="dashboard.next",
        show=False,
        tooltip="Arrows and page keys scroll the log",
    ),
    Binding(
        "shift+tab", "app.focus_previous", "Previous pane", id="dashboard.previous", show=False
    ),
]
