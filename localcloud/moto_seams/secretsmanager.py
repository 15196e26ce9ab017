"""What GetSecretValue answers when it is asked for no version: the current one, wherever it is."""

from __future__ import annotations

from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from localcloud.moto_seams.seam import replaced

_ORIGINAL = SecretsManagerBackend.update_secret_version_stage


def _update_secret_version_stage(
    self: SecretsManagerBackend,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str,
    move_to_version_id: str,
) -> tuple[str, str]:
    """A version that becomes the current one is the one that is read from then on."""
    answer = _ORIGINAL(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    secret = self.secrets[secret_id]
    if version_stage == "AWSCURRENT" and move_to_version_id and isinstance(secret, FakeSecret):
        secret.set_default_version_id(move_to_version_id)
    return answer


SEAMS = (
    replaced(
        SecretsManagerBackend,
        "update_secret_version_stage",
        _update_secret_version_stage,
        "whoever asks for no version gets the one that was current when the secret was last put",
        "76b4706cf62c",
        target="secretsmanager SecretsManagerBackend.update_secret_version_stage",
    ),
)
