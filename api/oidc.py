"""Tokens of an issuer: who brings one, and what they may do (RFC 9068, RFC 8725)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import jwt

from api.access import Caller, Role
from api.errors import FORBIDDEN, RequestRefused, Unauthenticated
from api.issuer import Issuer, SigningKeys
from domain.ids import Subject, resolve
from domain.refusals import InvalidInput

LONGEST: Final = 16_384
"""Characters of a token."""

LONGEST_ACTOR: Final = 200
"""Characters of an actor, the issuer included."""

LEEWAY: Final = 30
"""Seconds by which the issuer's clock may differ from ours."""

TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token may call itself. Tokens for other ends are signed with the same keys."""

EVERYTHING: Final = "*"
"""In the claim of outlets or stories: all of them."""

FAR: Final = 2**53
"""A time, in seconds since 1970, that is no nearer than any."""


class Tokens:
    """Verifies tokens."""

    def __init__(self, issuer: Issuer, otherwise: Role | None) -> None:
        """`otherwise`: what may be done with a token that gives no role; None: nothing."""
        self.keys: Final = SigningKeys(issuer)
        self._issuer = issuer
        self._otherwise = otherwise

    async def verified(self, token: str) -> tuple[Caller, float]:
        """Whose token it is, and until when it holds, in seconds since 1970. Raises
        Unauthenticated, IssuerUnavailable, and RequestRefused for a token that gives no role where
        one is needed."""
        claims = await self._claims(token)
        return self._caller(claims), min(int(claims["exp"]), FAR) + LEEWAY

    async def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > LONGEST:
            raise Unauthenticated(f"a token has at most {LONGEST} characters")
        try:
            header = jwt.get_unverified_header(token)
            key = None
            if str(header.get("typ", "jwt")).lower() in TYPES:
                key = await self.keys.find(header.get("kid"))
            # Which algorithms there may be is a matter of the key, never of the token alone: one
            # signed with the public key as a shared secret would pass.
            if key is not None and header["alg"] in key.algorithms:
                claims = jwt.decode(
                    token,
                    key.key,
                    algorithms=[header["alg"]],
                    issuer=self._issuer.url,
                    audience=self._issuer.audience,
                    leeway=LEEWAY,
                    options={"require": ["exp", "iss", "aud"]},
                )
                if "cnf" not in claims:
                    return claims
                raise Unauthenticated("this token holds with a proof beside it, which is not taken")
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("this token has expired") from None
        except jwt.ImmatureSignatureError:
            raise Unauthenticated("this token does not hold yet") from None
        except jwt.InvalidIssuerError:
            raise Unauthenticated("this token is of another issuer") from None
        except jwt.InvalidAudienceError:
            raise Unauthenticated("this token is meant for somebody else") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"this token lacks the claim {error.claim}") from None
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
            pass
        raise Unauthenticated("this token is damaged, or not signed as the issuer signs")

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        issuer = self._issuer
        given = claim_of(claims, issuer.roles_claim)
        roles = [role for name, role in issuer.roles.items() if name in words(given)]
        role = max(roles, default=self._otherwise)
        if role is None:
            raise RequestRefused(
                f"the claim {issuer.roles_claim} of this token gives no role here, and one is"
                " needed",
                code=FORBIDDEN,
                status=403,
            )
        try:
            return Caller(
                self._actor(claim_of(claims, issuer.actor_claim)),
                role,
                self._of(Subject.SOURCE, claims, issuer.outlets_claim),
                self._of(Subject.STORY, claims, issuer.stories_claim),
            )
        except InvalidInput as error:
            raise Unauthenticated(f"this token names what cannot be: {error}") from None

    def _actor(self, who: object) -> str:
        """As it stands in the log: the issuer, which keys' names cannot be mistaken for, and
        whoever it vouches for."""
        if isinstance(who, str) and who and who.isprintable():
            actor = f"{self._issuer.url}#{who}"
            if len(actor) <= LONGEST_ACTOR:
                return actor
        raise Unauthenticated(
            f"the claim {self._issuer.actor_claim} of this token is no name that can stand in the"
            f" log: text of at most {LONGEST_ACTOR} characters, the issuer included"
        )

    def _of(
        self, subject: Subject, claims: Mapping[str, Any], claim: str | None
    ) -> frozenset[UUID] | None:
        if claim is None:
            return None
        named = words(claim_of(claims, claim))
        if EVERYTHING in named:
            return None
        # Without the claim, nothing: whoever forgets it is not to be let at everything.
        return frozenset(resolve(subject, one) for one in named)


def claim_of(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name, or by a path with dots through objects; None where there is none."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def words(given: object) -> list[str]:
    """A list of texts, or texts apart by spaces as in the claim `scope`."""
    if isinstance(given, str):
        return given.split()
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
