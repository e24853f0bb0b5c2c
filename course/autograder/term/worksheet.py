"""Moodle's grading worksheet: whose each row is. Its numbers are of one assignment alone, and its headings in any language."""

import re

from course.common.tables import Table

PARTICIPANT = re.compile(r"\D*?(\d+)\s*$")
NAME = (
    "Full name",
    "Vollständiger Name",
    "全名",
    "Nombre completo",
    "Nom complet",
    "Nome completo",
    "Volledige naam",
)
EMAIL = (
    "Email address",
    "E-Mail-Adresse",
    "电子邮件地址",
    "Dirección de correo",
    "Adresse de courriel",
    "E-mailadres",
)
NUMBER = ("ID number", "ID-Nummer", "身份证号码", "Número de ID", "Numéro d'identification", "ID-nummer")
LOGIN = ("Username", "Anmeldename", "用户名", "Nombre de usuario", "Nom d'utilisateur")


def participants(table: Table) -> dict[str, dict[str, str]]:
    """What a worksheet says of each number: keys to find the student by, the surest first."""
    found = {}
    for row in table.rows:
        if number := PARTICIPANT.match(row[0].strip()):
            found[number[1]] = keys_of(table, row)
    return found


def keys_of(table: Table, row: tuple[str, ...]) -> dict[str, str]:
    """The keys to find a row's student by, in order; those that are blank are left out."""
    wanted = {"sis_id": NUMBER, "email": EMAIL, "login": LOGIN, "name": NAME}
    places = {key: table.column(*names) for key, names in wanted.items()}
    keys = {key: row[place].strip() for key, place in places.items() if place is not None}
    return {key: value for key, value in {**keys, "id": keys.get("sis_id", "")}.items() if value}
