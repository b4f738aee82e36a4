"""Storages behind Optuna's gRPC server, for many hosts on one database, or hosts that do not reach the database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from backhand.errors import BackhandError
from backhand.experiments.search.storages.address import Address
from backhand.experiments.search.storages.errors import no_answer, unusable

if TYPE_CHECKING:
    import optuna

ANSWER = 60.0  # seconds within which the server answers a call
READY = 10.0  # seconds within which it accepts a connection
LATER = "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNKNOWN", "INTERNAL", "RESOURCE_EXHAUSTED", "CANCELLED", "ABORTED"
KEEPALIVE = [("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 20_000)]
Result = TypeVar("Result")


@dataclass
class Server:
    """A gRPC server at an address. Where its own database does not answer, it gives an error that is UNKNOWN."""

    address: Address
    is_open: bool = False
    _opened: "list[optuna.storages.GrpcStorageProxy]" = field(default_factory=list)

    def make(self, *, may_create: bool) -> "optuna.storages.BaseStorage":
        """Connect to the server. Raises NoAnswerError where nothing answers within 10 s."""
        proxy = _proxy(self.address.host, self.address.port)
        self._opened.append(proxy)
        try:
            proxy.wait_server_ready(timeout=READY)
        except ConnectionError as error:
            raise no_answer(self.address.shown, f"no connection within {READY:.0f} s") from error
        return proxy

    def close(self) -> None:
        """Close the connections to the server that `make` opened."""
        for proxy in self._opened:
            proxy.close()

    def translated(self, call: Callable[[], Result]) -> Result:
        """Make a call. Raises NoAnswerError where the server does not answer, BackhandError where it is no storage."""
        import grpc

        try:
            return call()
        except grpc.RpcError as error:
            raise self._explained(error) from error

    def _explained(self, error: Any) -> BackhandError:
        code, details = error.code().name, (str(error.details()) or "no details").splitlines()[0]
        if code == "UNIMPLEMENTED":
            return unusable(self.address.shown, "the server there is no storage of Optuna", "name another")
        if code in LATER:
            return no_answer(self.address.shown, details)
        return unusable(self.address.shown, details)


def _proxy(host: str, port: int) -> "optuna.storages.GrpcStorageProxy":
    """Optuna's client, whose calls end after `ANSWER` seconds; its own would wait for ever."""
    import warnings

    import grpc
    import optuna
    from optuna.storages._grpc import client
    from optuna.storages._grpc.auto_generated import api_pb2_grpc

    class WithLimit(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            return continuation(details._replace(timeout=ANSWER), request)

    class Proxy(optuna.storages.GrpcStorageProxy):
        def _setup(self) -> None:
            options = [("grpc.max_receive_message_length", -1), *KEEPALIVE]
            self._channel = grpc.insecure_channel(f"{self._host}:{self._port}", options=options)
            limited = grpc.intercept_channel(self._channel, WithLimit())
            self._stub = api_pb2_grpc.StorageServiceStub(limited)  # type: ignore[no-untyped-call]
            self._cache = client.GrpcClientCache(self._stub)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return Proxy(host=host, port=port)
