"""The client of the cache is made once, for the server that is written to."""

from echo_portal.cache import OneClient


def test_one_client_reads_and_writes_on_the_same_server():
    client = OneClient(["redis://first:6379", "redis://second:6379"])
    assert client.get_client() is client.get_client("key", write=True)
    assert client.get_client().connection_pool.connection_kwargs["host"] == "first"
