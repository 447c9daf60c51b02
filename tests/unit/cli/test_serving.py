import socket

import uvicorn

from service.cli.serving import bound


def test_an_answer_in_two_pieces_does_not_wait_for_the_client_between_them() -> None:
    config = uvicorn.Config("service.cli.serving:application", factory=True, port=0, log_config=None)
    with bound(config) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
