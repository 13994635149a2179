"""Prices, dates, numbers and links, as each market writes them; and what is none of these."""

import pytest

from pipelines.lint.fold import fold
from pipelines.lint.marks import marks
from pipelines.lint.numbers import is_card, is_identity

_FORMS = {
    "price": [
        "$1,299.00", "US$20", "PHP 1,499.50", "₱499", "NT$1,280", "1280元", "HK$88", "¥99", "99元", "Rp150.000",
        "Rp 25rb", "RM19.90", "฿1,290", "1.290 บาท", "199.000đ", "19,99 €", "MX$349", "S/ 59.90", "R$ 89,90",
        "1.299,99 TL", "₺250",
    ],
    "percent": ["50%", "%40", "8折", "八折", "七五折"],
    "date": [
        "2026-11-22", "22/11/2026", "22.11.2026", "22/11", "11月22日", "22 November", "Nov 22", "22 de noviembre",
        "22 de novembro", "22 Kas\u0131m", "ngày 22/11", "22 พ.ย.", "22 Agustus",
    ],
    "link": ["https://shop.example/x", "www.shop.example", "shop.com/new", "bit.ly/abc"],
    "coupon": [
        "code SAVE15", "優惠碼 FALL88", "优惠码\uff1aFALL88", "mã SALE50", "โค้ด SALE50",
        "kode HEMAT30", "cupom VOLTA20", "kod: YAZ20", "código VERANO25",
    ],
    "order_number": [
        "order #88213", "Order no. A-55012", "pedido 778812", "訂單編號 20250901-77", "đơn hàng #55123",
        "resi JX0099123", "sipariş no 4412009",
    ],
    "phone": [
        "0917 123 4567", "+63 917 123 4567", "0912-345-678", "02-2345-6789", "081234567890", "+62 812-3456-7890",
        "012-345 6789", "+55 11 91234-5678", "0532 123 45 67", "(212) 555-0187", "1-800-555-0199",
    ],
    "email": ["ana@example.com", "ana.cruz+x@mail.example.com.ph"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
    "national_id": [
        "A123456789", "11010519491231002X", "850412-14-5678", "529.982.247-25", "123-45-6789", "10000000146",
        "12345678Z", "CURP GODE561231HDFRRN09", "NIK 3201011203900001",
    ],
    "account_number": [
        "account number 1234567890123", "IBAN ES91 2100 0418 4502 0005 1332", "rekening 1234567890",
        "CLABE 032180000118359719", "帳號 012-345678901",
    ],
    "code": ["OTP: 482913", "驗證碼:482913", "your verification code is 482913", "mã xác minh là 482913"],
    "password": ["your password is Tr0ub4dor&3", "密碼:abc123!"],
    "variable": ["{{first_name}}", "{{1}}"],
}  # fmt: skip
_NEAR_MISSES = {
    "price": ["in 20 minutes", "room 1280", "45 people"],
    "percent": ["50 people", "一折疊"],
    "date": ["S/ 59.90", "1.5", "24/7/365/2"],
    "link": ["Thanks.See you", "e.g. shoes"],
    "coupon": ["the code of conduct", "verification code 482913"],
    "order_number": ["in order to", "order by 5 pm"],
    "phone": ["order 88213", "2026-11-22", "1,299.00"],
    "card": ["4111 1111 1111 1112", "order 4111111111111111", "1234 5678 9012 3456", "0000 0000 0000 0000"],
    "national_id": [
        "A123456788", "110105194912310021", "851912-14-5678", "529.982.247-26", "000-45-6789", "1-800-88-5550",
        "12345678901", "12345678A", "20250901",
    ],
    "account_number": ["your account ending in 0123", "account since 2019"],
    "code": ["postal code 10110", "use the code on the box"],
    "password": ["your password was changed", "reset your password"],
    "variable": ["{first_name}", "{{}}"],
}  # fmt: skip


def _kinds(text: str) -> set[str]:
    return {mark.kind for mark in marks(fold(text))}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in _FORMS.items() for text in texts])
def test_a_form_is_recognised(kind: str, text: str) -> None:
    """Alone and inside a sentence."""
    assert kind in _kinds(text)
    assert kind in _kinds(f"Hi! {text} , thank you")


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in _NEAR_MISSES.items() for text in texts])
def test_a_near_miss_is_not(kind: str, text: str) -> None:
    """What shares some of the form and none of the meaning."""
    assert kind not in _kinds(text)


@pytest.mark.parametrize(
    ("text", "kind", "quoted"),
    [
        ("Pay NT$1,280 by Friday", "price", "NT$1,280"),
        ("Only \u20b1499 today", "price", "\u20b1499"),
        ("活動於11月22日開始", "date", "11月22日"),
        ("Use \u200bcode SAVE15 now", "coupon", "code SAVE15"),
        ("Your card 4111 1111 1111 1111 is on its way", "card", "4111 1111 1111 1111"),
        ("申請人 A123456789 的文件", "national_id", "A123456789"),
        ("全館八折優惠", "percent", "八折"),
    ],
)
def test_a_mark_stands_where_it_was_written(text: str, kind: str, quoted: str) -> None:
    """Whatever was folded before it, the span in the message is the form and nothing else."""
    folded = fold(text)

    assert [text[slice(*folded.span(mark.start, mark.end))] for mark in marks(folded) if mark.kind == kind] == [quoted]


def test_numbers_of_the_right_length_pass_no_check_by_their_length_alone() -> None:
    """One digit more or less breaks the check."""
    assert is_card("4111111111111111")
    assert not any(is_card(f"411111111111111{digit}") for digit in "023456789")
    assert is_identity("10000000146")
    assert not any(is_identity(f"1000000014{digit}") for digit in "012345789")
