"""The course's own certificates: who shows none of these can talk neither to the scheduler nor to a worker."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from course.autograder.gradebook.errors import GradingError

FOLDER = "cluster"
AUTHORITY = "ca"
ROLES = ("scheduler", "worker", "client")
DAYS = 200  # a term
DAYS_OF_AUTHORITY = 1000
MAKE = "`python -m course cluster certificates`"


def folder_of(root: Path) -> Path:
    """Where the certificates are: the folder that COURSE_CLUSTER names, or `cluster/` in the course folder."""
    return Path(os.environ.get("COURSE_CLUSTER") or root / FOLDER)


def make_certificates(folder: Path, days: int = DAYS, now: datetime | None = None) -> list[Path]:
    """Make a certificate and its key for each role; the authority too, where there is none yet.

    Args:
        folder: where they are to be; certificates that are there are replaced.
        days: that they are valid.
        now: from when on they are; the clock's when None.

    Returns:
        What was written.

    Raises:
        GradingError: when nothing can be written there, or the authority there is of no use.
    """
    now = now or datetime.now(UTC)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = []
        if not path_of(folder, AUTHORITY).exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name("paddle-course authority")
            about = _builder(name, name, key, now, DAYS_OF_AUTHORITY).add_extension(
                x509.BasicConstraints(ca=True, path_length=0), critical=True
            )
            written += _write(folder, AUTHORITY, about.sign(key, hashes.SHA256()), key)
        authority, signing = _authority(folder)
        for role in ROLES:
            key = ec.generate_private_key(ec.SECP256R1())
            about = _builder(_name(f"paddle-course {role}"), authority.subject, key, now, days).add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            written += _write(folder, role, about.sign(signing, hashes.SHA256()), key)
        return written
    except OSError as error:
        raise GradingError(f"nothing can be written into {folder}: {error.strerror}") from None


def path_of(folder: Path, role: str) -> Path:
    """A role's certificate."""
    return folder / f"{role}.pem"


def key_of(folder: Path, role: str) -> Path:
    """A role's key."""
    return folder / f"{role}-key.pem"


def require_certificates(folder: Path, role: str = "client", now: datetime | None = None) -> None:
    """Raise GradingError, in one sentence, where a role's certificate is missing, out of date or of another authority."""
    now = now or datetime.now(UTC)
    for path in (path_of(folder, AUTHORITY), path_of(folder, role), key_of(folder, role)):
        if not path.is_file():
            raise GradingError(
                f"there is no {path}; {MAKE} makes the course's certificates, or copy the one that is there"
            )
    authority, mine = (_read(path_of(folder, name)) for name in (AUTHORITY, role))
    for path, one in ((path_of(folder, AUTHORITY), authority), (path_of(folder, role), mine)):
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            when = f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
            raise GradingError(
                f"{path} is valid from {when}, and today is {now:%Y-%m-%d}; make new certificates with {MAKE}, and copy "
                "them to scheduler and workers"
            )
    try:
        mine.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise GradingError(
            f"{path_of(folder, role)} was not made by the authority in {path_of(folder, AUTHORITY)}; copy both from the "
            f"same course, or make new certificates with {MAKE}"
        ) from None


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=10))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
    )


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path = key_of(folder, AUTHORITY)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise GradingError(
            f"the authority's key {path} is missing or damaged; put it back, or move {path_of(folder, AUTHORITY)} away to "
            "begin anew"
        ) from None
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return _read(path_of(folder, AUTHORITY)), key


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise GradingError(f"{path} is no certificate; {MAKE} makes new ones") from None


def _write(
    folder: Path, role: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> list[Path]:
    """A certificate and its key, which its owner alone can read."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    places = {
        key_of(folder, role): private,
        path_of(folder, role): certificate.public_bytes(serialization.Encoding.PEM),
    }
    for path, content in places.items():
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    return list(places)
