"""Kazakhstan, in the demo."""

from caseflow.accounts.permissions import Role
from caseflow.demo.countries.country import Body, Country, Offered, Office, Worker
from caseflow.demo.names import KAZAKH, RUSSIAN
from caseflow.demo.words.russian import RUSSIAN_WORDS
from caseflow.directory.models import ServedSex, ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind, SiteKind

PRISON = Body(
    "kz-prison",
    "Служба исполнения наказаний Казахстана",
    OrganisationKind.PRISON_SERVICE,
    "prison.kz.example",
    (
        Worker("admin", "Айжан Бекова", Role.ADMINISTRATOR),
        Worker("aigerim", "Айгерім Сәрсенова", Role.SOCIAL_WORKER, 0),
        Worker("daniyar", "Данияр Омаров", Role.SOCIAL_WORKER, 1),
        Worker("svetlana", "Светлана Морозова", Role.SOCIAL_WORKER, 2),
        Worker("nurlan", "Нұрлан Әбдірахманов", Role.SOCIAL_WORKER, 0),
        Worker("gulnara", "Гүлнара Ахметова", Role.TEAM_LEADER),
        Worker("yerlan", "Ерлан Жүнісов", Role.AUDITOR),
    ),
    (
        Office("Учреждение № 18", "Алматы", SiteKind.PRISON, 900),
        Office("Учреждение № 5", "Астана", SiteKind.PRISON, 1200),
        Office("Учреждение № 12", "Караганда", SiteKind.PRISON, 1500),
    ),
)
PROBATION = Body(
    "kz-probation",
    "Служба пробации Казахстана",
    OrganisationKind.PROBATION_SERVICE,
    "probation.kz.example",
    (
        Worker("admin", "Жанна Тулегенова", Role.ADMINISTRATOR),
        Worker("timur", "Тимур Бекенов", Role.PROBATION_OFFICER, 0),
        Worker("saltanat", "Салтанат Нұрғали", Role.PROBATION_OFFICER, 1),
        Worker("kairat", "Қайрат Оспанов", Role.TEAM_LEADER),
    ),
    (
        Office("Районный отдел пробации № 1", "Алматы"),
        Office("Районный отдел пробации № 2", "Караганда"),
    ),
)
KAMQOR = Body(
    "kz-kamqor",
    "Фонд «Қамқор»",
    OrganisationKind.CSO,
    "kamqor.kz.example",
    (
        Worker("admin", "Лаура Исаева", Role.ADMINISTRATOR),
        Worker("madina", "Мадина Касымова", Role.COORDINATOR),
        Worker("oleg", "Олег Ким", Role.WORKER),
        Worker("zhanna", "Жанна Ли", Role.WORKER),
        Worker("bolat", "Болат Сейтов", Role.TEAM_LEADER),
    ),
    (Office("Приёмная на улице Абая", "Алматы"),),
    (
        Offered(
            ReferralKind.LEGAL_AID,
            "Бесплатная юридическая помощь",
            "Консультации, обращения в суд, восстановление документов. Юрист приезжает в учреждение каждую неделю.",
            area="Алматы и область, Караганда",
            capacity=40,
        ),
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "Связь с семьёй",
            "Розыск родных, восстановление общения, помощь с поездкой на свидание, медиация.",
            area="Весь Казахстан",
            capacity=30,
        ),
    ),
    "+7 700 000 01 10",
)
BASTAU = Body(
    "kz-bastau",
    "Центр «Жаңа бастау»",
    OrganisationKind.CSO,
    "bastau.kz.example",
    (
        Worker("admin", "Павел Югай", Role.ADMINISTRATOR),
        Worker("asel", "Әсел Төлеуова", Role.COORDINATOR),
        Worker("viktor", "Виктор Лебедев", Role.WORKER),
        Worker("dina", "Дина Рахимова", Role.WORKER),
    ),
    (Office("Мастерские на улице Гоголя", "Алматы"),),
    (
        Offered(
            ReferralKind.EMPLOYMENT,
            "Путь к работе",
            "Оценка навыков, резюме, подбор вакансий, сопровождение первые полгода на рабочем месте.",
            ServicePlace.COMMUNITY,
            "Алматы, Караганда",
            capacity=35,
        ),
        Offered(
            ReferralKind.EDUCATION,
            "Курсы профессий",
            "Сварщик, швея, повар, столяр. По окончании выдаётся удостоверение.",
            ServicePlace.CUSTODY,
            "Алматы, Астана",
            capacity=24,
            eligibility="Не менее трёх месяцев до освобождения",
        ),
    ),
    "+7 700 000 01 20",
)
UMIT = Body(
    "kz-umit",
    "Общественное объединение «Үміт»",
    OrganisationKind.CSO,
    "umit.kz.example",
    (
        Worker("admin", "Нина Орлова", Role.ADMINISTRATOR),
        Worker("gulzhan", "Гүлжан Ермекова", Role.COORDINATOR),
        Worker("rustam", "Рустам Алиев", Role.WORKER),
    ),
    (Office("Дом на улице Ленина", "Караганда"),),
    (
        Offered(
            ReferralKind.EDUCATION,
            "Вечерняя школа и грамотность",
            "Казахский и русский язык, счёт, подготовка к аттестату. Занятия в малых группах.",
            area="Караганда",
            capacity=20,
        ),
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "Мама и ребёнок",
            "Поддержка женщин, у которых есть дети: общение, опека, возвращение домой.",
            area="Караганда, Астана",
            sex=ServedSex.FEMALE,
            capacity=12,
        ),
        Offered(
            ReferralKind.EMPLOYMENT,
            "Своё дело",
            "Помощь тем, кто хочет открыть своё дело: план, первые шаги, наставник.",
            ServicePlace.COMMUNITY,
            "Караганда",
            capacity=10,
        ),
    ),
    "+7 700 000 01 30",
)
OVERSIGHT = Body(
    "kz-oversight",
    "Наблюдательный совет Казахстана",
    OrganisationKind.OVERSIGHT,
    "oversight.kz.example",
    (
        Worker("admin", "Галина Зайцева", Role.ADMINISTRATOR),
        Worker("askhat", "Асхат Мұсабаев", Role.AUDITOR),
    ),
)

KAZAKHSTAN = Country(
    "KZ",
    "ru",
    "Asia/Almaty",
    (6, 7),
    8,
    2457 / 35228,
    7140 / 35228,
    80,
    35228,
    ("kk", "ru"),
    ((3, KAZAKH), (1, RUSSIAN)),
    RUSSIAN_WORDS,
    "+7 700 000",
    (PRISON, PROBATION, KAMQOR, BASTAU, UMIT, OVERSIGHT),
    (
        (1, 1, "Новый год"),
        (3, 8, "Международный женский день"),
        (3, 21, "Наурыз"),
        (3, 22, "Наурыз"),
        (3, 23, "Наурыз"),
        (5, 1, "Праздник единства народа Казахстана"),
        (5, 9, "День Победы"),
        (10, 25, "День Республики"),
        (12, 16, "День независимости"),
    ),
)
