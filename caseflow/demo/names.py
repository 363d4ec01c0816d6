"""Fictional names as a register writes them, each with its Latin spelling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

Pair = tuple[str, str]  # as written, in Latin letters


@dataclass(frozen=True, slots=True)
class FullName:
    """A whole name, and its family's part by which relatives are named."""

    name: str
    latin: str
    family: Pair
    people: str


def pairs(text: str) -> tuple[Pair, ...]:
    """`Ермек Yermek, Данат Danat` as pairs."""
    found = (part.strip().rsplit(" ", 1) for part in text.split(","))
    return tuple((native, latin) for native, latin in found)


@dataclass(frozen=True, slots=True)
class People:
    """How one people names its children: the stock of names, and how a whole name is put together."""

    label: str
    men: tuple[Pair, ...]
    women: tuple[Pair, ...]
    families: tuple[Pair, ...]
    compose: Callable[[Pair, Pair, Pair, bool], Sequence[Pair]]  # family, given, father, female
    language: str

    def name(self, random: Random, *, female: bool, family: Pair | None = None) -> FullName:
        """A whole name; relatives share the family's."""
        given = random.choice(self.women if female else self.men)
        father = random.choice([pair for pair in self.men if pair != given])
        family = family or random.choice(self.families)
        parts = self.compose(family, given, father, female)
        return FullName(" ".join(part[0] for part in parts), " ".join(part[1] for part in parts), family, self.label)


def _slavic_family(family: Pair, female: bool) -> Pair:
    """Сәрсенов, Сәрсенова; Достоевский, Достоевская; Коваленко stays."""
    native, latin = family
    if not female:
        return family
    if native.endswith("ий"):
        return native[:-2] + "ая", latin.removesuffix("y").removesuffix("i") + "aya"
    return (native + "а", latin + "a") if native[-2:] in {"ов", "ев", "ёв", "ин"} else family


def _turkic(son: Pair, daughter: Pair) -> Callable[[Pair, Pair, Pair, bool], Sequence[Pair]]:
    """Сәрсенов Ермек Қайратұлы."""

    def compose(family: Pair, given: Pair, father: Pair, female: bool) -> Sequence[Pair]:
        ending = daughter if female else son
        return _slavic_family(family, female), given, (father[0] + ending[0], father[1] + ending[1])

    return compose


def _russian(family: Pair, given: Pair, father: Pair, female: bool) -> Sequence[Pair]:
    """Иванов Сергей Антонович."""
    return _slavic_family(family, female), given, _patronymic(father, female)


def _patronymic(father: Pair, female: bool) -> Pair:
    native, latin = father
    if native.endswith("о"):
        native, latin, link, latin_link = native[:-1], latin.removesuffix("o"), "оев", "oev"
    elif native.endswith("й"):
        native, latin, link, latin_link = native[:-1], latin.removesuffix("y").removesuffix("i"), "ев", "yev"
    else:
        link, latin_link = "ов", "ov"
    return native + link + ("на" if female else "ич"), latin + latin_link + ("na" if female else "ich")


def _tajik(family: Pair, given: Pair, father: Pair, female: bool) -> Sequence[Pair]:
    """Раҳимзода Фирӯз Саидович, Раҳимова Зебо Саидовна."""
    return _slavic_family(family, female), given, _patronymic(father, female)


def _chain(family: Pair, given: Pair, father: Pair, _female: bool) -> Sequence[Pair]:
    """علي حسن الجبوري: given name, father's, and the family's."""
    return given, father, family


KAZAKH = People(
    "kazakh",
    pairs(
        "Ермек Yermek, Данияр Daniyar, Нұрлан Nurlan, Қайрат Kairat, Арман Arman, Бауыржан Bauyrzhan, Ерлан Yerlan, "
        "Асхат Askhat, Серік Serik, Марат Marat, Руслан Ruslan, Дәурен Dauren, Нұржан Nurzhan, Олжас Olzhas, "
        "Мұрат Murat, Талғат Talgat, Әділет Adilet, Жандос Zhandos, Бекзат Bekzat, Саят Sayat, Мейрам Meiram, "
        "Қанат Kanat, Азамат Azamat, Ғалым Galym, Төлеген Tolegen, Ақжол Akzhol"
    ),
    pairs(
        "Айгүл Aigul, Мадина Madina, Динара Dinara, Сәуле Saule, Гүлнәр Gulnar, Жанар Zhanar, Әсел Asel, "
        "Қарлығаш Karlygash, Раушан Raushan, Ботагөз Botagoz, Меруерт Meruyert, Назгүл Nazgul"
    ),
    pairs(
        "Сәрсенов Sarsenov, Ахметов Akhmetov, Сатыбалдиев Satybaldiyev, Жұмабеков Zhumabekov, Нұрпейісов Nurpeisov, "
        "Тілеубаев Tleubayev, Қасымов Kasymov, Әбенов Abenov, Оразбаев Orazbayev, Бекмағамбетов Bekmagambetov, "
        "Дүйсенов Duisenov, Мұсабаев Musabayev, Смағұлов Smagulov, Есенов Yessenov, Кенжебаев Kenzhebayev, "
        "Тоқтаров Toktarov, Ибраев Ibrayev, Мәмбетов Mambetov, Рахымжанов Rakhymzhanov, Шәріпов Sharipov"
    ),
    _turkic(("ұлы", "uly"), ("қызы", "qyzy")),
    "kk",
)
RUSSIAN = People(
    "russian",
    pairs(
        "Сергей Sergey, Александр Alexandr, Иван Ivan, Алексей Alexey, Андрей Andrey, Виктор Viktor, Павел Pavel, "
        "Роман Roman, Максим Maxim, Антон Anton, Степан Stepan, Владимир Vladimir, Денис Denis, Артём Artyom"
    ),
    pairs(
        "Елена Yelena, Ольга Olga, Наталья Natalya, Светлана Svetlana, Ирина Irina, Марина Marina, Татьяна Tatyana, "
        "Оксана Oksana"
    ),
    pairs(
        "Иванов Ivanov, Кузнецов Kuznetsov, Соколов Sokolov, Морозов Morozov, Волков Volkov, Лебедев Lebedev, "
        "Зайцев Zaitsev, Коваленко Kovalenko, Никитин Nikitin, Орлов Orlov, Тарасов Tarasov, Шевченко Shevchenko"
    ),
    _russian,
    "ru",
)
KYRGYZ = People(
    "kyrgyz",
    pairs(
        "Бакыт Bakyt, Азамат Azamat, Нурлан Nurlan, Эркин Erkin, Талант Talant, Улан Ulan, "
        "Кубат Kubat, Чынгыз Chyngyz, "
        "Мирлан Mirlan, Жаныбек Zhanybek, Айбек Aibek, Алмаз Almaz, Данияр Daniyar, Элдияр Eldiyar, Тилек Tilek, "
        "Бектур Bektur, Руслан Ruslan, Үсөн Uson"
    ),
    pairs(
        "Айгүл Aigul, Гүлзат Gulzat, Назира Nazira, Жылдыз Zhyldyz, Чолпон Cholpon, Бермет Bermet, Нургүл Nurgul, "
        "Айнура Ainura"
    ),
    pairs(
        "Асанов Asanov, Токтогулов Toktogulov, Жээнбеков Zheenbekov, Мамытов Mamytov, Осмонов Osmonov, "
        "Исаков Isakov, Абдыкеримов Abdykerimov, Бейшеналиев Beishenaliev, Турсунов Tursunov, Кадыров Kadyrov, "
        "Сыдыков Sydykov, Эргешов Ergeshov, Молдобаев Moldobaev, Жумалиев Zhumaliev"
    ),
    _turkic((" уулу", " uulu"), (" кызы", " kyzy")),
    "ky",
)
TAJIK = People(
    "tajik",
    pairs(
        "Фирӯз Firuz, Ҷамшед Jamshed, Рустам Rustam, Умед Umed, Далер Daler, Саид Said, Шариф Sharif, Парвиз Parviz, "
        "Сӯҳроб Suhrob, Баҳром Bahrom, Комрон Komron, Фаррух Farrukh, Абдулло Abdullo, Зафар Zafar, Неъмат Nemat, "
        "Ҳикмат Hikmat, Қурбон Qurbon, Ғолиб Gholib"
    ),
    pairs(
        "Зебо Zebo, Мадина Madina, Нигора Nigora, Парвина Parvina, Гулнора Gulnora, Шаҳло Shahlo, Ситора Sitora, "
        "Манижа Manizha"
    ),
    pairs(
        "Раҳимов Rahimov, Саидов Saidov, Назаров Nazarov, Шарипов Sharipov, Ҳакимов Hakimov, Холиқов Kholiqov, "
        "Раҳмонзода Rahmonzoda, Юсуфзода Yusufzoda, Мирзоев Mirzoev, Давлатов Davlatov, Қодиров Qodirov, "
        "Каримзода Karimzoda, Ғафуров Ghafurov, Сафаров Safarov"
    ),
    _tajik,
    "tg",
)
ARAB = People(
    "arab",
    pairs(
        "علي Ali, حسين Hussein, محمد Mohammed, أحمد Ahmed, حسن Hassan, كاظم Kadhim, مصطفى Mustafa, عباس Abbas, "
        "حيدر Haider, عمر Omar, ياسر Yasser, سعد Saad, كريم Karim, جاسم Jassim, مهدي Mahdi, رعد Raad, فلاح Falah, "
        "ثامر Thamer, ليث Laith, عبد الله Abdullah, قيس Qais, نزار Nizar, باسم Basim, وليد Walid"
    ),
    pairs(
        "زينب Zainab, فاطمة Fatima, نور Noor, مريم Maryam, هدى Huda, سارة Sara, أمل Amal, رقية Ruqayya, إيمان Iman, "
        "شيماء Shaimaa"
    ),
    pairs(
        "الجبوري al-Jubouri, الساعدي al-Saadi, الدليمي al-Dulaimi, العبيدي al-Obaidi, الموسوي al-Mousawi, "
        "الخفاجي al-Khafaji, التميمي al-Tamimi, الزبيدي al-Zubaidi, الشمري al-Shammari, العزاوي al-Azzawi, "
        "الكعبي al-Kaabi, البياتي al-Bayati, الربيعي al-Rubaie, اللامي al-Lami, الحلي al-Hilli, البصري al-Basri"
    ),
    _chain,
    "ar",
)
KURD = People(
    "kurd",
    pairs(
        "ئازاد Azad, کەریم Karim, شێرکۆ Sherko, هێمن Hemin, ڕێبوار Rebwar, ئارام Aram, دلشاد Dilshad, سەردار Sardar, "
        "کاروان Karwan, بەختیار Bakhtiyar, هاوار Hawar, ڕزگار Rizgar, سامان Saman, گۆران Goran"
    ),
    pairs("شیلان Shilan, ڕووناک Runak, هێرۆ Hero, نیان Niyan, چنار Chinar, بەهار Bahar"),
    pairs(
        "بەرزنجی Barzinji, هەورامی Hawrami, زەنگەنە Zangana, جاف Jaf, دزەیی Dizayi, خۆشناو Khoshnaw, بابان Baban, "
        "سۆرانی Sorani, ئەحمەد Ahmed, ڕەشید Rashid"
    ),
    _chain,
    "ckb",
)
