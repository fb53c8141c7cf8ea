"""What `dateline serve` can be told about who asks: an issuer of tokens, proxies, rates."""

from __future__ import annotations

from typing import Annotated

import typer

from api.addresses import is_network
from api.issuer import Issuer, roles_from

IssuerOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-issuer",
        envvar="DATELINE_OIDC_ISSUER",
        metavar="URL",
        help="Take tokens of this OpenID provider beside keys.",
    ),
]
AudienceOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-audience",
        envvar="DATELINE_OIDC_AUDIENCE",
        metavar="NAME",
        help="The audience of tokens that are meant for this server. Needed with an issuer.",
    ),
]
ActorClaimOption = Annotated[
    str,
    typer.Option(
        "--oidc-actor-claim",
        envvar="DATELINE_OIDC_ACTOR_CLAIM",
        metavar="CLAIM",
        help="The claim that says who it is.",
    ),
]
RolesClaimOption = Annotated[
    str,
    typer.Option(
        "--oidc-roles-claim",
        envvar="DATELINE_OIDC_ROLES_CLAIM",
        metavar="CLAIM",
        help="The claim that holds roles; dots lead into objects: realm_access.roles.",
    ),
]
RoleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--oidc-role",
        envvar="DATELINE_OIDC_ROLES",
        metavar="NAME=ROLE",
        help="What the issuer calls a role; may be given again. Unless given: dateline-reader,"
        " dateline-reporter, dateline-editor and dateline-admin.",
    ),
]
OutletsClaimOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-outlets-claim",
        envvar="DATELINE_OIDC_OUTLETS_CLAIM",
        metavar="CLAIM",
        help="The claim that holds the outlets that a token is limited to.",
    ),
]
StoriesClaimOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-stories-claim",
        envvar="DATELINE_OIDC_STORIES_CLAIM",
        metavar="CLAIM",
        help="The claim that holds the stories that a token is limited to.",
    ),
]
RateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rate",
        envvar="DATELINE_RATES",
        metavar="NAME=NUMBER",
        help="Answer so many requests a minute: address, caller or failures; may be given again.",
    ),
]
ProxyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--proxy",
        envvar="DATELINE_PROXIES",
        metavar="ADDRESS",
        help="Believe this proxy, or network of them, where a request comes from; may be given"
        " again.",
    ),
]


def issuer_of(
    url: str | None,
    audience: str | None,
    actor_claim: str,
    roles_claim: str,
    roles: list[str] | None,
    outlets_claim: str | None,
    stories_claim: str | None,
) -> Issuer | None:
    """The issuer that the options name. Raises ValueError."""
    if not url:
        return None
    return Issuer(
        url,
        audience or "",
        actor_claim,
        roles_claim,
        roles_from(roles or []),
        outlets_claim or None,
        stories_claim or None,
    )


def proxies_of(given: list[str] | None) -> list[str]:
    """The proxies that are believed. Raises ValueError."""
    for one in given or ():
        if not is_network(one):
            raise ValueError(f"a proxy is an address, or a network as 10.0.0.0/8, not {one!r}")
    return given or []
