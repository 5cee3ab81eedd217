"""Words of the types that are lists, for the proof alone: more than any generator need know."""

WORDS = {
    "country": (
        "Argentina Austria Belgium Bolivia Brazil Bulgaria Cambodia Cameroon Canada Chile Colombia Croatia "
        "Cuba Cyprus Denmark Ecuador Egypt Estonia Ethiopia Fiji Finland France Gabon Germany Ghana Greece "
        "Guatemala Haiti Honduras Hungary Iceland India Indonesia Ireland Italy Jamaica Japan Kenya Laos "
        "Latvia Lithuania Malaysia Mali Malta Mexico Moldova Mongolia Morocco Mozambique Namibia Nepal "
        "Netherlands Nicaragua Nigeria Norway Pakistan Paraguay Peru Philippines Poland Portugal Romania "
        "Rwanda Senegal Serbia Slovakia Slovenia Spain Sudan Sweden Switzerland Tanzania Thailand Tunisia "
        "Turkey Uganda Ukraine Uruguay Venezuela Vietnam Yemen Zambia Zimbabwe Singapore Monaco"
    ),
    "capitalcity": (
        "Accra Algiers Amman Amsterdam Ankara Athens Baghdad Bangkok Beijing Beirut Belgrade Berlin Bern "
        "Bogota Bratislava Brussels Bucharest Budapest Cairo Canberra Caracas Copenhagen Dakar Dhaka Doha "
        "Dublin Hanoi Harare Havana Helsinki Jakarta Kampala Kathmandu Khartoum Kingston Kyiv Lima Lisbon "
        "Ljubljana London Luanda Lusaka Madrid Manila Maputo Montevideo Moscow Muscat Nairobi Oslo Ottawa "
        "Paris Prague Quito Rabat Reykjavik Riga Rome Santiago Seoul Singapore Sofia Stockholm Tallinn Tehran "
        "Tirana Tokyo Tripoli Tunis Vienna Vilnius Warsaw Windhoek Yerevan Zagreb Monaco"
    ),
    "language": (
        "Albanian Arabic Armenian Basque Bengali Bulgarian Catalan Croatian Czech Danish Dutch English "
        "Estonian Finnish French Georgian German Greek Hausa Hebrew Hindi Hungarian Icelandic Irish Italian "
        "Japanese Korean Latin Latvian Lithuanian Malay Maltese Mongolian Nepali Norwegian Persian Polish "
        "Portuguese Romanian Russian Serbian Slovak Spanish Swahili Swedish Tamil Thai Turkish Ukrainian Urdu "
        "Vietnamese Welsh Yoruba Zulu"
    ),
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "monthname": "January February March April May June July August September October November December",
    "chemicalelement": (
        "Hydrogen Helium Lithium Beryllium Boron Carbon Nitrogen Oxygen Fluorine Neon Sodium Magnesium "
        "Aluminium Silicon Phosphorus Sulfur Chlorine Argon Potassium Calcium Titanium Chromium Manganese "
        "Iron Cobalt Nickel Copper Zinc Krypton Silver Tin Iodine Xenon Tungsten Platinum Gold Mercury Lead "
        "Bismuth Radon Uranium Plutonium"
    ),
    "planet": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "animal": (
        "ape badger bat bear beaver bison camel cat cow deer dog dolphin donkey duck eagle elephant falcon "
        "ferret fox frog gecko giraffe goat goose hamster hare hawk heron horse jackal koala lion lizard lynx "
        "mole monkey moose mouse otter owl panda pelican penguin pig rabbit rat raven seal shark sheep snake "
        "tapir tiger toad vole walrus weasel whale wolf zebra kiwi"
    ),
    "fruit": (
        "apple apricot banana blackberry blueberry cherry cranberry currant date fig grape grapefruit guava "
        "kiwi lemon lime lychee mandarin mango melon nectarine orange papaya peach pear pineapple plum "
        "pomegranate quince raspberry strawberry tangerine"
    ),
    "color": (
        "amber apricot beige black blue bronze brown burgundy coral crimson cyan gold gray green grey indigo "
        "ivory khaki lavender lemon lilac lime magenta maroon mauve navy ochre olive orange peach pink plum "
        "purple red scarlet silver tangerine tan teal turquoise violet white yellow"
    ),
    "vegetable": (
        "artichoke asparagus aubergine beetroot broccoli cabbage carrot cauliflower celery chard courgette "
        "cucumber fennel kale leek lettuce onion parsnip pea potato pumpkin radish spinach squash turnip"
    ),
    "occupation": (
        "accountant actor architect baker barber butcher carpenter chemist cook dentist doctor driver "
        "economist electrician engineer farmer firefighter gardener journalist judge lawyer librarian mason "
        "mechanic nurse painter pharmacist pilot plumber potter professor sailor surgeon tailor teacher "
        "translator waiter welder"
    ),
    "musicalinstrument": (
        "accordion banjo bassoon cello clarinet drum fiddle flute guitar harmonica harp lute mandolin oboe "
        "organ piano piccolo recorder saxophone sitar trombone trumpet tuba ukulele viola violin xylophone"
    ),
    "sport": (
        "archery athletics badminton baseball basketball biathlon boxing cricket curling cycling fencing "
        "football golf gymnastics handball hockey judo karate polo rowing rugby sailing skiing squash surfing "
        "swimming tennis triathlon volleyball wrestling"
    ),
    "currencycode": (
        "AED ARS AUD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW MXN MYR NGN "
        "NOK NZD PEN PHP PKR PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
    ),
    "bloodgroup": "A+ A- B+ B- AB+ AB- O+ O-",
    "firstname": (
        "Ada Alma Anna Anton Arno Bela Ben Bruno Carla Clara David Dora Edda Egon Ella Elsa Emil Emma Ennio "
        "Eric Erik Esra Eva Fatou Felix Frank Gita Greta Hanna Helen Hugo Ida Ilan Ines Ivo Jan Jana Jonas "
        "Julia Kaya Karl Klara Lars Laura Lea Leon Lina Luca Maja Malik Maria Marta Max Mila Nadia Nils Nina "
        "Noor Olga Omar Otto Paul Pavel Petra Rania Rosa Ruben Samir Sara Selma Silas Sofia Stella Tarek Theo "
        "Thomas Uma Vera Viktor Wanda Yara Yusuf Zeno"
    ),
}
