"""Kyrgyzstan, in the demo."""

from caseflow.accounts.permissions import Role
from caseflow.demo.countries.country import Body, Country, Offered, Office, Worker
from caseflow.demo.names import KYRGYZ, RUSSIAN
from caseflow.demo.words.russian import RUSSIAN_WORDS
from caseflow.directory.models import ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind, SiteKind

PRISON = Body(
    "kg-prison",
    "Служба исполнения наказаний Кыргызстана",
    OrganisationKind.PRISON_SERVICE,
    "prison.kg.example",
    (
        Worker("admin", "Назира Осмонова", Role.ADMINISTRATOR),
        Worker("bermet", "Бермет Асанова", Role.SOCIAL_WORKER, 0),
        Worker("talant", "Талант Исаков", Role.SOCIAL_WORKER, 1),
        Worker("ainura", "Айнура Кадырова", Role.TEAM_LEADER),
    ),
    (
        Office("Учреждение № 16", "Бишкек", SiteKind.PRISON, 600),
        Office("Учреждение № 27", "Ош", SiteKind.PRISON, 500),
    ),
)
PROBATION = Body(
    "kg-probation",
    "Служба пробации Кыргызстана",
    OrganisationKind.PROBATION_SERVICE,
    "probation.kg.example",
    (
        Worker("admin", "Эркин Мамытов", Role.ADMINISTRATOR),
        Worker("ulan", "Улан Токтогулов", Role.PROBATION_OFFICER, 0),
        Worker("cholpon", "Чолпон Сыдыкова", Role.TEAM_LEADER),
    ),
    (Office("Отдел пробации города Бишкек", "Бишкек"),),
)
TAYAN = Body(
    "kg-tayan",
    "Фонд «Таяныч»",
    OrganisationKind.CSO,
    "tayan.kg.example",
    (
        Worker("admin", "Улан Бейшеналиев", Role.ADMINISTRATOR),
        Worker("gulzat", "Гүлзат Эргешова", Role.COORDINATOR),
        Worker("azamat", "Азамат Турсунов", Role.WORKER),
    ),
    (Office("Приёмная на улице Киевской", "Бишкек"),),
    (
        Offered(
            ReferralKind.LEGAL_AID,
            "Правовая приёмная",
            "Консультации и документы: паспорт, регистрация, обжалование.",
            area="Бишкек, Чуйская область",
            capacity=25,
        ),
    ),
    "+996 700 000 110",
)
ISHMER = Body(
    "kg-ishmer",
    "Центр «Ишмер»",
    OrganisationKind.CSO,
    "ishmer.kg.example",
    (
        Worker("admin", "Мирлан Жумалиев", Role.ADMINISTRATOR),
        Worker("nurgul", "Нургүл Молдобаева", Role.COORDINATOR),
        Worker("kubat", "Кубат Абдыкеримов", Role.WORKER),
    ),
    (Office("Учебные мастерские", "Бишкек"),),
    (
        Offered(
            ReferralKind.EMPLOYMENT,
            "Работа после освобождения",
            "Подбор работы, общежитие на первый месяц, наставник.",
            ServicePlace.COMMUNITY,
            "Бишкек, Ош",
            capacity=20,
        ),
        Offered(
            ReferralKind.EDUCATION,
            "Учимся ремеслу",
            "Шитьё, электрика, выпечка. Удостоверение по окончании.",
            ServicePlace.CUSTODY,
            "Бишкек",
            capacity=18,
        ),
    ),
    "+996 700 000 120",
)
UYBULO = Body(
    "kg-uybulo",
    "Объединение «Үй-бүлө»",
    OrganisationKind.CSO,
    "uybulo.kg.example",
    (
        Worker("admin", "Жылдыз Жээнбекова", Role.ADMINISTRATOR),
        Worker("aigul", "Айгүл Сыдыкова", Role.COORDINATOR),
        Worker("daniyar", "Данияр Осмонов", Role.WORKER),
    ),
    (Office("Дом семьи", "Ош"),),
    (
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "Семья рядом",
            "Розыск родных, письма и звонки, поездки на свидания для детей.",
            area="Ош, Бишкек",
            capacity=20,
        ),
    ),
    "+996 700 000 130",
)

KYRGYZSTAN = Country(
    "KG",
    "ru",
    "Asia/Bishkek",
    (6, 7),
    3,
    352 / 7569,
    0.15,  # a guess: no figure is given
    28,
    7569,
    ("ky", "ru"),
    ((5, KYRGYZ), (1, RUSSIAN)),
    RUSSIAN_WORDS,
    "+996 700 000",
    (PRISON, PROBATION, TAYAN, ISHMER, UYBULO),
    (
        (1, 1, "Новый год"),
        (3, 8, "Международный женский день"),
        (3, 21, "Нооруз"),
        (5, 1, "День труда"),
        (5, 9, "День Победы"),
        (8, 31, "День независимости"),
    ),
)
