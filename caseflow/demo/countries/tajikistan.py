"""Tajikistan, in the demo."""

from caseflow.accounts.permissions import Role
from caseflow.demo.countries.country import Body, Country, Offered, Office, Worker
from caseflow.demo.names import TAJIK
from caseflow.demo.words.russian import RUSSIAN_WORDS
from caseflow.directory.models import ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind, SiteKind

PRISON = Body(
    "tj-prison",
    "Служба исполнения наказаний Таджикистана",
    OrganisationKind.PRISON_SERVICE,
    "prison.tj.example",
    (
        Worker("admin", "Манижа Назарова", Role.ADMINISTRATOR),
        Worker("firuz", "Фирӯз Раҳимов", Role.SOCIAL_WORKER, 0),
        Worker("zebo", "Зебо Саидова", Role.SOCIAL_WORKER, 1),
        Worker("umed", "Умед Ҳакимов", Role.TEAM_LEADER),
    ),
    (
        Office("Учреждение № 1", "Душанбе", SiteKind.PRISON, 800),
        Office("Учреждение № 3", "Худжанд", SiteKind.PRISON, 900),
    ),
)
PROBATION = Body(
    "tj-probation",
    "Служба пробации Таджикистана",
    OrganisationKind.PROBATION_SERVICE,
    "probation.tj.example",
    (
        Worker("admin", "Ситора Давлатова", Role.ADMINISTRATOR),
        Worker("rustam", "Рустам Шарипов", Role.PROBATION_OFFICER, 0),
        Worker("nigora", "Нигора Юсуфзода", Role.TEAM_LEADER),
    ),
    (Office("Отдел пробации города Душанбе", "Душанбе"),),
)
HIMOYA = Body(
    "tj-himoya",
    "Фонд «Ҳимоя»",
    OrganisationKind.CSO,
    "himoya.tj.example",
    (
        Worker("admin", "Комрон Мирзоев", Role.ADMINISTRATOR),
        Worker("parvina", "Парвина Қодирова", Role.COORDINATOR),
        Worker("daler", "Далер Сафаров", Role.WORKER),
    ),
    (Office("Приёмная на проспекте Рӯдакӣ", "Душанбе"),),
    (
        Offered(
            ReferralKind.LEGAL_AID,
            "Защита прав",
            "Консультации, жалобы, восстановление документов.",
            area="Душанбе, Худжанд",
            capacity=25,
        ),
    ),
    "+992 900 000 110",
)
HUNAR = Body(
    "tj-hunar",
    "Центр «Ҳунар»",
    OrganisationKind.CSO,
    "hunar.tj.example",
    (
        Worker("admin", "Баҳром Ғафуров", Role.ADMINISTRATOR),
        Worker("shahlo", "Шаҳло Каримзода", Role.COORDINATOR),
        Worker("parviz", "Парвиз Холиқов", Role.WORKER),
    ),
    (Office("Учебные мастерские", "Худжанд"),),
    (
        Offered(
            ReferralKind.EMPLOYMENT,
            "Работа дома",
            "Подбор работы в своём городе, помощь тем, кто возвращается из других стран.",
            ServicePlace.COMMUNITY,
            "Худжанд, Душанбе",
            capacity=20,
        ),
        Offered(
            ReferralKind.EDUCATION,
            "Школа ремёсел",
            "Столярное дело, шитьё, строительство; чтение и письмо на таджикском.",
            area="Худжанд",
            capacity=22,
        ),
    ),
    "+992 900 000 120",
)
OILA = Body(
    "tj-oila",
    "Объединение «Оила»",
    OrganisationKind.CSO,
    "oila.tj.example",
    (
        Worker("admin", "Фаррух Раҳмонзода", Role.ADMINISTRATOR),
        Worker("gulnora", "Гулнора Назарова", Role.COORDINATOR),
        Worker("suhrob", "Сӯҳроб Саидов", Role.WORKER),
    ),
    (Office("Дом семьи", "Душанбе"),),
    (
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "Дорога домой",
            "Розыск родных, примирение, помощь детям и жёнам.",
            area="Душанбе, Хатлон",
            capacity=20,
        ),
    ),
    "+992 900 000 130",
)

TAJIKISTAN = Country(
    "TJ",
    "ru",
    "Asia/Dushanbe",
    (6, 7),
    3,
    362 / 12491,
    0.15,  # a guess: no figure is given
    19,
    12491,
    ("tg", "ru"),
    ((1, TAJIK),),
    RUSSIAN_WORDS,
    "+992 900 000",
    (PRISON, PROBATION, HIMOYA, HUNAR, OILA),
    (
        (1, 1, "Новый год"),
        (3, 8, "День матери"),
        (3, 21, "Навруз"),
        (3, 22, "Навруз"),
        (5, 9, "День Победы"),
        (9, 9, "День независимости"),
        (11, 6, "День Конституции"),
    ),
)
