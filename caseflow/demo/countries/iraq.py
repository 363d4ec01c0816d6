"""Iraq, with the Kurdistan Region, in the demo."""

from caseflow.accounts.permissions import Role
from caseflow.demo.countries.country import Body, Country, Offered, Office, Worker
from caseflow.demo.names import ARAB, KURD
from caseflow.demo.words.arabic import ARABIC_WORDS
from caseflow.directory.models import ServedSex, ServicePlace
from caseflow.tenancy.models import OrganisationKind, ReferralKind, SiteKind

PRISON = Body(
    "iq-prison",
    "دائرة الإصلاح العراقية",
    OrganisationKind.PRISON_SERVICE,
    "prison.iq.example",
    (
        Worker("admin", "سلام عبد الرزاق", Role.ADMINISTRATOR),
        Worker("zainab", "زينب حسن", Role.SOCIAL_WORKER, 0),
        Worker("ali", "علي كاظم", Role.SOCIAL_WORKER, 1),
        Worker("rebwar", "ڕێبوار عزيز", Role.SOCIAL_WORKER, 2),
        Worker("huda", "هدى الموسوي", Role.TEAM_LEADER),
        Worker("thamer", "ثامر الدليمي", Role.AUDITOR),
    ),
    (
        Office("سجن بغداد المركزي", "بغداد", SiteKind.PRISON, 2400),
        Office("سجن البصرة", "البصرة", SiteKind.PRISON, 1800),
        Office("إصلاحية أربيل", "أربيل", SiteKind.PRISON, 1100, "kurd"),
    ),
)
PROBATION = Body(
    "iq-probation",
    "دائرة الرعاية اللاحقة",
    OrganisationKind.PROBATION_SERVICE,
    "aftercare.iq.example",
    (
        Worker("admin", "وفاء ناصر", Role.ADMINISTRATOR),
        Worker("omar", "عمر الجبوري", Role.PROBATION_OFFICER, 0),
        Worker("noor", "نور الساعدي", Role.PROBATION_OFFICER, 1),
        Worker("saad", "سعد العبيدي", Role.TEAM_LEADER),
    ),
    (Office("مكتب الرصافة", "بغداد"), Office("مكتب البصرة", "البصرة")),
)
AMAL = Body(
    "iq-amal",
    "جمعية الأمل الجديد",
    OrganisationKind.CSO,
    "amal.iq.example",
    (
        Worker("admin", "رنا صباح", Role.ADMINISTRATOR),
        Worker("sara", "سارة الخفاجي", Role.COORDINATOR),
        Worker("haider", "حيدر التميمي", Role.WORKER),
        Worker("mariam", "مريم الزبيدي", Role.WORKER),
        Worker("qais", "قيس العزاوي", Role.TEAM_LEADER),
    ),
    (Office("مقر الكرادة", "بغداد"),),
    (
        Offered(
            ReferralKind.LEGAL_AID,
            "المساعدة القانونية المجانية",
            "استشارات ومتابعة الطعون واستخراج الوثائق. يزور المحامي السجن كل أسبوع.",
            area="بغداد والبصرة",
            capacity=40,
        ),
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "التواصل مع الأسرة",
            "البحث عن الأقارب وإعادة التواصل والمساعدة في السفر للزيارة والوساطة.",
            area="كل العراق",
            capacity=30,
        ),
    ),
    "+964 700 000 0110",
)
BINAA = Body(
    "iq-binaa",
    "مركز بناء للتأهيل",
    OrganisationKind.CSO,
    "binaa.iq.example",
    (
        Worker("admin", "ماجد الحلي", Role.ADMINISTRATOR),
        Worker("iman", "إيمان الكعبي", Role.COORDINATOR),
        Worker("yasser", "ياسر البياتي", Role.WORKER),
        Worker("aseel", "أسيل الربيعي", Role.WORKER),
    ),
    (Office("ورش الشعب", "بغداد"),),
    (
        Offered(
            ReferralKind.EMPLOYMENT,
            "طريق إلى العمل",
            "تقييم المهارات وكتابة السيرة والبحث عن عمل والمتابعة في الأشهر الستة الأولى.",
            ServicePlace.COMMUNITY,
            "بغداد والبصرة",
            capacity=35,
        ),
        Offered(
            ReferralKind.EDUCATION,
            "دورات المهن",
            "لحام وخياطة ونجارة وكهرباء. شهادة عند إتمام الدورة.",
            ServicePlace.CUSTODY,
            "بغداد",
            capacity=24,
            eligibility="ثلاثة أشهر على الأقل قبل الإفراج",
        ),
    ),
    "+964 700 000 0120",
)
ROJ = Body(
    "iq-roj",
    "منظمة ڕۆژ للأسرة والتعليم",
    OrganisationKind.CSO,
    "roj.iq.example",
    (
        Worker("admin", "شيلان دزەيي", Role.ADMINISTRATOR),
        Worker("hero", "هێرۆ هەورامي", Role.COORDINATOR),
        Worker("karwan", "كاروان خۆشناو", Role.WORKER),
    ),
    (Office("مكتب عنكاوا", "أربيل"),),
    (
        Offered(
            ReferralKind.EDUCATION,
            "محو الأمية والمدرسة المسائية",
            "القراءة والكتابة بالعربية والكردية والحساب، في مجموعات صغيرة.",
            area="أربيل والسليمانية",
            capacity=20,
        ),
        Offered(
            ReferralKind.FAMILY_CONTACT,
            "أمهات وأطفال",
            "دعم النساء اللواتي لديهن أطفال: التواصل والحضانة والعودة إلى البيت.",
            area="أربيل",
            sex=ServedSex.FEMALE,
            capacity=12,
        ),
        Offered(
            ReferralKind.LEGAL_AID,
            "العيادة القانونية",
            "استشارات في قضايا الأسرة والسكن والوثائق.",
            ServicePlace.COMMUNITY,
            "أربيل",
            capacity=15,
        ),
    ),
    "+964 700 000 0130",
)
OVERSIGHT = Body(
    "iq-oversight",
    "هيئة مراقبة السجون",
    OrganisationKind.OVERSIGHT,
    "oversight.iq.example",
    (
        Worker("admin", "لمى البصري", Role.ADMINISTRATOR),
        Worker("raad", "رعد الشمري", Role.AUDITOR),
    ),
)

IRAQ = Country(
    "IQ",
    "ar",
    "Asia/Baghdad",
    (5, 6),
    6,
    0.05,  # no figure is given; the share is a guess, as is that of people before trial
    0.2,
    34,
    59103,
    ("ar", "ckb"),
    ((4, ARAB), (1, KURD)),
    ARABIC_WORDS,
    "+964 700 000",
    (PRISON, PROBATION, AMAL, BINAA, ROJ, OVERSIGHT),
    (
        (1, 1, "رأس السنة الميلادية"),
        (1, 6, "عيد الجيش"),
        (3, 21, "عيد نوروز"),
        (5, 1, "عيد العمال"),
        (10, 3, "اليوم الوطني"),
    ),
)
