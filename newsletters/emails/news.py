def register_message_types() -> None:
    pass
