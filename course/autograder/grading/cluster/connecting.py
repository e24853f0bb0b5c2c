"""The way to the scheduler, inside TLS and with the course's own certificates; every lack is one sentence."""

import contextlib
import json
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed import Client
from distributed.security import Security

from course.autograder.gradebook.errors import GradingError
from course.autograder.grading.cluster.certificates import AUTHORITY, key_of, path_of, require_certificates

SECONDS = 10.0  # for an answer


def address_of(cluster: str) -> str:
    """The scheduler's address, from what --cluster says: the address itself, or a scheduler's file. Raises GradingError."""
    if "://" not in cluster:
        try:
            cluster = str(json.loads(Path(cluster).read_text("utf-8"))["address"])
        except OSError as error:
            raise GradingError(
                f"--cluster is '{cluster}', which is no address (tls://HOST:8786) and no file of a scheduler "
                f"({error.strerror})"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise GradingError(
                f"{cluster} is no file of a scheduler, as `dask scheduler --scheduler-file` writes it"
            ) from None
    parts = urlsplit(cluster)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme == "tls" and parts.hostname and port:
        return cluster
    if parts.scheme == "tcp":
        raise GradingError(
            f"{cluster} is not encrypted, and hand-ins and marks travel inside TLS alone; start the scheduler with "
            "deploy/dask.yaml, and say tls://"
        )
    raise GradingError(f"'{cluster}' is no address of a scheduler; wanted: tls://HOST:8786")


def security(folder: Path, role: str = "client") -> Security:
    """A role's certificates as Dask takes them."""
    cert, key = str(path_of(folder, role)), str(key_of(folder, role))
    return Security(
        require_encryption=True,
        tls_ca_file=str(path_of(folder, AUTHORITY)),
        **{f"tls_{role}_cert": cert, f"tls_{role}_key": key},
    )


def require_scheduler(address: str, folder: Path, seconds: float = SECONDS) -> None:
    """Raise GradingError unless a scheduler answers there, shows the course's certificate and accepts ours."""
    parts = urlsplit(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a certificate of the course's is what counts, wherever it runs
    context.load_verify_locations(path_of(folder, AUTHORITY))
    context.load_cert_chain(path_of(folder, "client"), key_of(folder, "client"))
    try:
        with (
            socket.create_connection((parts.hostname, parts.port), seconds) as plain,
            context.wrap_socket(plain) as wrapped,
        ):
            if not wrapped.recv(1):  # Dask greets; whom it refuses it does not
                raise GradingError(f"the scheduler at {address} does not accept the certificate in {folder}")
    except ssl.SSLCertVerificationError as error:
        raise GradingError(
            f"what answers at {address} shows a certificate that the course's authority did not make, or that is out of "
            f"date ({error.verify_message}); nothing was sent to it"
        ) from None
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            raise GradingError(
                f"the scheduler at {address} does not accept the certificate in {folder} ({error.reason}); give both the "
                "certificates of one course"
            ) from None
        raise GradingError(
            f"what answers at {address} does not speak TLS; start the scheduler with deploy/dask.yaml"
        ) from None
    except OSError as error:
        told = error.strerror or str(error) or type(error).__name__
        raise GradingError(f"no scheduler answers at {address} ({told}); is it running?") from None


def connected(cluster: str, folder: Path) -> Client:
    """A client of the scheduler that --cluster names. Raises GradingError."""
    require_certificates(folder)
    address = address_of(cluster)
    require_scheduler(address, folder)
    try:
        return Client(address, security=security(folder), timeout=SECONDS, set_as_default=False, name="grade")
    except Exception as error:  # where it ends at that moment, Dask says so by errors of several kinds
        told = (str(error).splitlines() or [type(error).__name__])[0]
        raise GradingError(f"the scheduler at {address} does not answer as one ({told})") from None


def leave(client: Client) -> None:
    """Close a client, which fails with whatever had ended its listening; it is left all the same."""
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def has_page(dask_scheduler: Any) -> bool:
    """Whether a scheduler shows Dask's page: its HTTP port is there without, and says only that it is alive."""
    return bool(dask_scheduler.http_application.applications)
