"""The demonstration's keys."""

import base64
import stat

from nacl.public import PrivateKey, PublicKey, SealedBox

from fleetportal.engines import demo


def test_what_is_sealed_with_the_public_key_opens_with_the_card_makers_only(tmp_path):
    public = demo.card_maker_key(tmp_path / "maker")
    sealed = SealedBox(PublicKey(base64.b64decode(public))).encrypt(b"4711")
    private = PrivateKey(base64.b64decode((tmp_path / "maker" / "private.key").read_text()))
    assert SealedBox(private).decrypt(sealed) == b"4711"
    assert stat.S_IMODE((tmp_path / "maker" / "private.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "maker").stat().st_mode) == 0o700


def test_the_pair_is_made_once(tmp_path):
    assert demo.card_maker_key(tmp_path) == demo.card_maker_key(tmp_path)
    assert demo.card_maker_key(tmp_path / "other") != demo.card_maker_key(tmp_path)
