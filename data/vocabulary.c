/*
 * vocabulary.c - the list of departments and the words that all of them share: sizes, colours, names, and the
 * templates of titles and sentences by style. Tables only; generate_phrase.c says how templates are written.
 */
#include "data/vocabulary.h"

const struct vocabulary_department *const vocabulary_departments[VOCABULARY_DEPARTMENTS] = {
    &vocabulary_wear[0], &vocabulary_wear[1], &vocabulary_wear[2], &vocabulary_wear[3], &vocabulary_wear[4],
    &vocabulary_tech[0], &vocabulary_tech[1], &vocabulary_tech[2], &vocabulary_tech[3], &vocabulary_tech[4],
    &vocabulary_home[0], &vocabulary_home[1], &vocabulary_home[2], &vocabulary_home[3], &vocabulary_home[4],
    &vocabulary_home[5], &vocabulary_life[0], &vocabulary_life[1], &vocabulary_life[2], &vocabulary_life[3],
    &vocabulary_life[4], &vocabulary_life[5],
};

const char *const vocabulary_sizes[SIZE_COUNT] = {
    [SIZE_SHOE] = "42|43|39|38|41|44|40|37|45|36|46|42.5|43.5|38.5|47|35|48|40.5|34|33",
    [SIZE_WEAR] = "M|L|S|XL|XS|XXL|3XL|4XL|XXS|5XL",
    [SIZE_CHILD] = "62|68|74|80|86|92|98|104|110|116|122|128|56|134|140|146|50|152",
    [SIZE_ML] = "250 ml|50 ml|100 ml|200 ml|500 ml|30 ml|150 ml|300 ml|400 ml|750 ml|75 ml|330 ml|15 ml|350 ml|10 ml",
    [SIZE_LITRE] = "1 l|1.5 l|2 l|5 l|0.5 l|3 l|10 l|20 l|1.7 l|4 l|8 l|12 l|30 l|2.5 l|60 l|40 l|80 l|200 l",
    [SIZE_GRAM] = "500 g|250 g|200 g|100 g|400 g|150 g|300 g|750 g|80 g|350 g|125 g|50 g|450 g|180 g|900 g|75 g",
    [SIZE_KILO] = "1 kg|2 kg|5 kg|10 kg|3 kg|8 kg|15 kg|12 kg|1.5 kg|7 kg|9 kg|2.5 kg|4 kg|20 kg",
    [SIZE_PACK] = "Pack of 2|Pack of 4|Pack of 3|Pack of 6|Pack of 10|Pack of 5|Pack of 12|Pack of 8|Pack of 20|"
                  "Pack of 24|Pack of 50|Pack of 100",
    [SIZE_SCREEN] = "15.6 inch|27 inch|14 inch|24 inch|13.3 inch|55 inch|32 inch|43 inch|65 inch|17.3 inch|16 inch|"
                    "50 inch|75 inch|34 inch|11 inch|10.1 inch",
    [SIZE_STORAGE] = "256 GB|128 GB|512 GB|1 TB|64 GB|2 TB|32 GB|16 GB|4 TB|8 GB|8 TB|12 GB",
    [SIZE_AREA] = "140 x 200 cm|160 x 230 cm|90 x 200 cm|80 x 150 cm|135 x 200 cm|70 x 140 cm|50 x 100 cm|60 x 120 cm|"
                  "180 x 200 cm|200 x 300 cm|40 x 60 cm|120 x 170 cm|100 x 150 cm|30 x 40 cm|120 x 60 cm|160 x 80 cm",
    [SIZE_LENGTH] = "28 cm|24 cm|20 cm|120 cm|1 m|2 m|30 cm|45 cm|60 cm|180 cm|3 m|5 m|10 m|90 cm|32 cm|26 cm|15 m|"
                    "150 cm|40 cm|20 m|200 cm|75 cm",
    [SIZE_RING] = "54|52|56|50|58|48|60|62|64|66",
    [SIZE_PIECES] = "12 pcs|24 pcs|50 pcs|100 pcs|6 pcs|500 pcs|1000 pcs|20 pcs|30 pcs|16 pcs|200 pcs|60 pcs|250 pcs|"
                    "48 pcs|72 pcs|90 pcs|120 pcs",
};

const char *const vocabulary_colours =
    "Black|White|Grey|Blue|Red|Brown|Green|Navy|Silver|Beige|Pink|Dark Blue|Yellow|Anthracite|Purple|Orange|Light Grey|"
    "Gold|Cream|Turquoise|Olive|Burgundy|Natural|Light Blue|Rose|Khaki|Mint|Petrol|Sand|Charcoal|Taupe|Coral|Lilac|"
    "Copper|Mustard|Teal|Ivory|Bordeaux|Sage|Indigo|Terracotta|Fuchsia|Aubergine|Champagne";

const char *const vocabulary_places =
    "Portugal|Italy|Germany|Spain|Denmark|Poland|Sweden|France|Japan|Vietnam|Turkey|the Netherlands|Austria|Finland|"
    "Slovenia|Ireland|Norway|Canada|Morocco|India|Lithuania|Greece|Switzerland|Belgium|Mexico|Thailand|Estonia|Latvia";

const char *const vocabulary_given_names =
    "Anna|Marta|Elias|Jonas|Clara|Tomas|Ingrid|Peter|Sofia|Lukas|Helena|Nora|Daniel|Ruth|Miriam|Oscar|Irene|Felix|"
    "Judith|Samuel|Vera|Hugo|Alma|Leon|Greta|Simon|Edith|Pavel|Lena|Marcus|Ada|Julian|Rosa|Theo|Olga|Emil|Agnes|Viktor|"
    "Selma|Ivan|Thea|Adrian|Lydia|Conrad|Mara|Anton|Celia|Bruno|Petra|Isaac|Nadia|Walter|Zoe|Henrik|Eva|Martin";

const char *const vocabulary_series_first =
    "Trail|Storm|Sun|River|Stone|Cloud|Night|Silver|North|Wind|Star|Iron|Fire|Snow|Moon|Wave|Sky|Forest|Ocean|Urban|"
    "Aero|Terra|Nova|Pure|Swift|True|Bright|Deep|Free|High|Light|Power|Quick|Royal|Smart|Soft|Solid|Spring|Summer|"
    "Ultra|"
    "Vital|Wild|Winter|Alpine|Arctic|Autumn|Blue|Bold|Clear|Coast|Copper|Core|Crystal|Dawn|Desert|Dream|Eagle|"
    "Earth|East|"
    "Echo|Edge|Ember|Ever|Falcon|Field|Flex|Fresh|Frost|Glacier|Gold|Grand|Green|Harbor|Hawk|Heart|Home|Hydro|Ice|"
    "Inner|"
    "Island|Ivory|Jet|Lake|Land|Leaf|Life|Lion|Lunar|Maple|Meadow|Metro|Mountain|Oak|Open|Orbit|Pacific|Peak|Pine|"
    "Prime|"
    "Pulse|Quiet|Rain|Rapid|Raven|Ridge|Rock|Rose|Sand|Sea|Shadow|Solar|Sonic|South|Spark|Spirit|Steel|Street|Thunder|"
    "Timber|Turbo|Valley|Velvet|Vista|Volt|Water|West|White|Wolf|Wonder|Zen|Zero";

const char *const vocabulary_series_second =
    "Peak|Runner|Line|Wave|Craft|Flow|Rise|Stone|Guard|Light|Path|Step|Wing|Field|Force|Glide|Grip|Haven|Heart|"
    "Hill|Horn|"
    "House|Jet|Key|Lake|Land|Leaf|Life|Link|Loop|Mark|Master|Mate|Max|Mind|Motion|Move|Nest|Note|One|Pace|Point|"
    "Port|Pulse|"
    "Quest|Rest|Ridge|Ring|River|Rock|Root|Sense|Shade|Shell|Shield|Shine|Song|Space|Span|Spark|Sphere|Spot|Spring|"
    "Star|"
    "Storm|Stream|Stride|Style|Sun|Tail|Tech|Tide|Time|Tone|Touch|Tower|Track|Trail|Tree|Vale|View|Voice|Walk|Wall|"
    "Ward|"
    "Watch|Water|Way|Weave|Wheel|Wind|Wise|Wood|Work|World|Yard|Zone|Bay|Beam|Bell|Blade|Bloom|Board|Bond|Breeze|"
    "Bridge|"
    "Brook|Camp|Cast|Charm|Chase|Cloud|Coast|Cove|Crest|Crown|Dale|Dash|Day|Deck|Den|Drift|Drive|Dune|Edge|Fall|Fern";

const struct vocabulary_phrases vocabulary_phrases[STYLE_COUNT] = {
    [STYLE_WEAR] = {.titles = "{b} {s}{m?} {a} {n}{g?}{c?}{z?}^{b} {s} {g} {a} {n}{c?}{z?}^{b} {g} {n} {s}{m?} {a}{c?}^"
                              "{b} {s} {a} {n} {c} {z}^{b} {a} {n} {s}, {c}{z?}^"
                              "{b} {s}{m?} {g} {a} {n}, {t}, {c}, {z}^{b} {s} {n} {a} {t}{c?}{z?}^"
                              "{g} {a} {n} by {b}, {s} Collection{c?}{z?}",
                    .sentences =
                        "Made of {T} with {f}, the {s} line is a favourite for {u}.^"
                        "{A} and {E}, these are made for {u} and keep their shape wash after wash.^"
                        "The upper side is {T}, the inside soft, finished with {f}.^"
                        "With {f} and {F}, cut for {u}.^"
                        "Fits true to size; between two sizes we suggest the larger one.^"
                        "Designed by {p} for {b} in {C}, with {f}.^"
                        "{b} uses {T} from {e} for a {A} feel all day.^"
                        "Care: wash at {i} degrees, do not tumble dry, iron on low heat.^"
                        "Details: {o}, {T}, {f}."},
    [STYLE_TECH] = {.titles = "{b} {s} {m} {a} {n}{c?}{z?}^{b} {m} {a} {n}{z?}{o?}{c?}^{b} {s} {m} {n}, {o}, {a}{c?}^"
                              "{b} {s} {a} {n} with {f}{c?}{z?}^{b} {m} {s} {n}{z?}{c?}, {a}, {o}, {t}^"
                              "{b} {n} {s} {m}{c?}^{b} {s}{m?} {a} {n}{z?}^{a} {n} {b} {s} {m}, {c}",
                    .sentences =
                        "The {b} {m} combines {f} with {F} at {o}.^"
                        "Thanks to {f} it is ideal for {u}, at home or away.^"
                        "Technical data: {o}, {O}, housing of {T}, weight {w}.^"
                        "{A}, {E} and easy to set up, it comes with {f}.^"
                        "Dimensions {d}, weight {w}, {o}.^"
                        "In the box: {N}, power cable, quick start guide and {i} months of support.^"
                        "Made for {u}, the {s} series offers {f} and {F}.^"
                        "Works with {b} {M} accessories and everything in the {s} series.^"
                        "A solid body of {T} protects the electronics, {f} makes it comfortable."},
    [STYLE_HOME] = {.titles = "{b} {s} {a} {n}{t?}{c?}{z?}^{b} {s} {n} {t}, {z}{c?}^{b} {a} {n} {s}{c?}{z?}^"
                              "{b} {s}{m?} {a} {n} made of {t}{c?}^{a} {n} {s} by {b}, {t}{c?}{z?}^"
                              "{b} {s} {a} {n} {c}, {z}, {t}, {a} design^{b} {n} {s} {a}{z?}",
                    .sentences =
                        "The {s} range brings {T} and {f} together for {u}.^"
                        "Made of {T} in {e}, {A} and built to last for years.^"
                        "Measures {d} and weighs {w}, with {f}.^"
                        "{A} design in {C}, with {f} and {F}.^"
                        "A good choice for {u}: {f}, {o}, easy to clean.^"
                        "Designer {p} drew the {s} collection with {u} in mind.^"
                        "Care instructions: wipe with a damp cloth, avoid harsh cleaners and direct sun.^"
                        "Pairs well with other {b} pieces of the {s} collection.^"
                        "Data: {o}, {T}, {d}, delivered in {i} parcels."},
    [STYLE_FOOD] = {.titles = "{b} {s} {a} {n} {z}^{b} {a} {n} with {t} {z}^{b} {s} {n} {a}{z?}^{b} {n} {t} {a} {z}^"
                              "{b} {s} {a} {n} {t}{z?}^{b} {a} {n} {s} Selection, {z}",
                    .sentences =
                        "Ingredients: {T} ({i}%), {t}, water, salt, natural flavouring and spices.^"
                        "From small farms in {e}, with {f} and {F}.^"
                        "{A} and full of flavour, ideal for {u} and any season.^"
                        "Nutrition: {o}, {O}, suitable for vegetarians.^"
                        "Made by the {p} family after a recipe from {e}.^"
                        "Store in a cool, dry place and use within {i} days of opening.^"
                        "The {s} selection stands for {T}, {f} and honest craft.^"
                        "Serve with {T} for {u}, or enjoy it on its own.^"
                        "Allergy advice: may contain traces of nuts, milk, soya and sesame."},
    [STYLE_CARE] = {.titles = "{b} {s} {a} {n} {z}^{b} {a} {n} with {t}{z?}^{b} {s} {n} {t} {a}{z?}^{b} {n} {s} "
                              "{a}{c?}{z?}^"
                              "{b} {s}{m?} {a} {n} for {x}{z?}^{b} {a} {n} {s}, {t} & {a}, {z}",
                    .sentences =
                        "With {T} and {f}, developed for {u}.^"
                        "{A} formula that leaves skin and hair soft, with {o}.^"
                        "Apply morning and evening, massage in gently and leave on for {i} minutes.^"
                        "The {s} series by {b} cares with {T}, every single day.^"
                        "Dermatologist {p} recommends it for {u} and everyday use.^"
                        "Contains {T}, {o}, {f} and nothing you would not expect.^"
                        "Not tested on animals, free from silicones and mineral oils, made in {e}.^"
                        "Ideal for {u}: {f}, {F}, {o}.^"
                        "Keep out of reach of children and store below {i} degrees."},
    [STYLE_BOOK] = {.titles = "The {a} {h} by {p}, {t}^{s} and the {a} {h}: {n} by {p}^The {h} of {s}, {n}, {t}^"
                              "{a} {h}: A {n} by {p} ({t})^{p}: The {a} {h} of {s} - {n}, {b}^{a} {h}, {n}, {t}, {b}^"
                              "Beyond the {a} {h}: A {n} of {s} and {a} Days by {p} - {t}, {y}",
                    .sentences =
                        "A {N} by {p} about the {S} family, with {f} and {F}.^"
                        "When {p} returns to {e}, nothing in the town of {s} is what it was.^"
                        "For {u}: {f}, {o}, published by {b}.^"
                        "Winner of the {s} prize, translated from the original by {p}.^"
                        "The author tells of {e} in {j} with {f}.^"
                        "First published in {j} and now in a new {T} edition by {b}.^"
                        "Readers praise {f} and {F}, and wait for the next volume.^"
                        "With a foreword by {p} and {o}, {T}."},
    [STYLE_MEDIA] = {.titles = "{p} - {a} {h}, {n}, {t}^{s} - The {a} {h} ({n})^{b} {s} {m} {n}{c?}^"
                               "{a} {h}: {t} by {p}, {n}^{s}: {a} {h} {n} {t}{y?}^{p} & {s} - Songs of the {a} "
                               "{h}, {n}, {t}",
                     .sentences =
                         "A {N} by {p}, recorded in {e} in {j}, with {f}.^"
                         "With {f} and {F}, for {u}.^"
                         "Includes {o}, {O} and {f} from the {s} sessions.^"
                         "{b} brings back {s} as {T}, in a new sleeve by {p}.^"
                         "Made for {u}: {f}, {o}, {T}.^"
                         "After {j} the name {s} stood for {A} sounds from {e}.^"
                         "The critics wrote of {f}, the audience came back for more.^"
                         "Directed by {p}, filmed in {e}, with {o} and {f}."},
    [STYLE_TOOL] = {.titles = "{b} {s} {m} {a} {n}{z?}^{b} {m} {n} {o}, {a}{z?}^{b} {a} {n} {s}{m?}{c?}{z?}^"
                              "{b} {n} {m} {a} {t}{z?}^{b} {s} {a} {n}, {t}, {o}{z?}^{b} {s}{m?} {a} {n} for {x}",
                    .sentences =
                        "{b} {m} with {f} and {F}, {o}.^"
                        "Made of {T} for {u}, tested in {e} over {i} months.^"
                        "Technical data: {o}, {O}, {d}, {w}.^"
                        "{A} and {E} in use, with {f} where it counts.^"
                        "A reliable choice for {u}, whether at work or at home.^"
                        "Replaces the {b} {M} and fits all accessories of the {s} series.^"
                        "Scope of delivery: {N}, instructions, {f} and {i} months guarantee.^"
                        "The {s} series lasts: {T}, {f}, {o}."},
    [STYLE_PLAY] = {.titles = "{b} {s} {a} {n}{c?}{z?}^{b} {a} {n} {s} for {x}{z?}^{b} {n} {s} {a} {t}{z?}^"
                              "{b} {s}{m?} {a} {n} {t}{c?}{z?}^{a} {n} {s} by {b}, {t}, {z}^{b} {a} {n} with {t} "
                              "{s}{z?}",
                    .sentences =
                        "With {f} and {F}, made for {u}.^"
                        "Made of {T} in {e}, {A} and easy to clean.^"
                        "The {s} world grows with every set, {o}.^"
                        "{A}, {E} and much loved, with {f} for {u}.^"
                        "Size about {d}, weight {w}, {o}.^"
                        "Invented by {p} for {b}, with {f} and a lot of care.^"
                        "Contains {T}, {o}, {f}, ready to use.^"
                        "Great for {u}: {f}, {F} and no small worries."},
};

const char *const vocabulary_sentences_common =
    "Comes with {i} months guarantee and free returns within thirty days.^"
    "A best seller of the {s} range, well rated by our customers.^"
    "Delivered in recyclable packaging from our warehouse in {e}.^"
    "Also available in other colours, sizes and sets from {b}.^"
    "Suitable as a present, with a card by {p} on request.^"
    "Item number {B}, {l}, new and in its original packaging.^"
    "New in {j}: improved {f} and a better price than before.^"
    "Questions about {l}? Our team is happy to help you every day.";
