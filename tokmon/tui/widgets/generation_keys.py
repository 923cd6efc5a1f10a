"""The keys of the generation panel: a letter where no text is written, with ctrl anywhere."""

from textual.binding import Binding, BindingType


def _key(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(
        keys,
        action,
        name,
        id=f"generation.{action}",
        tooltip=tooltip,
        key_display="enter" if keys == "enter" else None,  # Textual's sign for it is not ASCII
    )


GENERATION_KEYS: list[BindingType] = [
    _key("enter", "generate", "Write", "The same prompt and seed repeat the same text"),
    _key("escape", "cancel", "Stop", "Stop the text; again to close the panel"),
    _key("r,ctrl+r", "new_seed", "Seed", "The same prompt with the seed that follows"),
    _key("c,ctrl+g", "go_on", "More", "Lengthen the text by as many tokens again"),
    _key("p,ctrl+t", "shade", "Odds", "How likely each token was; arrows point at one"),
    _key("l,ctrl+l", "prompts", "Suite", "Take a prompt of the suite"),
    _key("o,ctrl+o", "checkpoints", "Models", "Let one or several checkpoints answer"),
    _key("s,ctrl+s", "save", "Save", "All texts to a file"),
    _key("y", "copy", "Copy", "Prompt and text to the terminal's clipboard (OSC 52)"),
    _key("b,ctrl+n", "take_best", "New best", "Let the next text come from the new best"),
]
