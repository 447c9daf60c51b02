"""Every word said to a model: one Jinja template per kind of message, and `prompts.render`, which fills them in."""
