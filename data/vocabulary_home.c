/*
 * vocabulary_home.c - departments of the house: kitchen, furniture, tools, garden, appliances, lighting.
 * Tables only; vocabulary.h says how they are read. All brands are invented.
 */
#include "data/vocabulary.h"

static const struct vocabulary_leaf kitchen[] = {
    {"Cookware", "Frying Pans", "Frying Pan|Skillet|Grill Pan|Crêpe Pan", 34, 0.60, SIZE_LENGTH},
    {"Cookware", "Saucepans", "Saucepan|Saucepan Set|Stock Pot|Casserole", 49, 0.65, SIZE_LITRE},
    {"Cookware", "Baking Tins", "Baking Tin|Springform Tin|Muffin Tin|Loaf Tin", 17, 0.50, SIZE_LENGTH},
    {"Knives", "Kitchen Knives", "Chef's Knife|Santoku Knife|Bread Knife|Paring Knife", 39, 0.75, SIZE_LENGTH},
    {"Knives", "Cutting Boards", "Cutting Board|Chopping Board Set", 24, 0.50, SIZE_AREA},
    {"Tableware", "Plates & Bowls", "Dinner Plates|Bowl Set|Dinner Set|Pasta Plates", 39, 0.60, SIZE_PIECES},
    {"Tableware", "Glasses", "Wine Glasses|Water Glasses|Tumblers", 27, 0.55, SIZE_PACK},
    {"Tableware", "Cutlery", "Cutlery Set|Steak Knives|Serving Set", 54, 0.60, SIZE_PIECES},
    {"Tableware", "Mugs", "Coffee Mug|Mug Set|Espresso Cups|Travel Mug", 16, 0.50, SIZE_ML},
    {"Storage", "Food Containers", "Food Container Set|Storage Jars|Lunch Box", 22, 0.50, SIZE_LITRE},
    {"Storage", "Water Bottles", "Water Bottle|Insulated Bottle|Vacuum Flask", 22, 0.45, SIZE_ML},
    {"Textiles", "Tea Towels", "Tea Towel Set|Apron|Oven Gloves", 15, 0.45, SIZE_PACK},
    {"Textiles", "Bed Linen", "Duvet Cover Set|Bed Linen|Fitted Sheet|Pillowcases", 44, 0.50, SIZE_AREA},
    {"Textiles", "Towels", "Bath Towel|Towel Set|Hand Towels", 29, 0.50, SIZE_AREA},
    {"Textiles", "Curtains", "Blackout Curtain|Curtain Pair|Net Curtain", 36, 0.50, SIZE_AREA},
    {"Household", "Laundry", "Drying Rack|Laundry Basket|Ironing Board", 34, 0.50, SIZE_NONE},
    {"Household", "Cleaning", "Floor Mop|Bucket Set|Broom|Window Wiper", 24, 0.50, SIZE_NONE},
};

static const struct vocabulary_leaf furniture[] = {
    {"Living Room", "Sofas", "Sofa|Corner Sofa|Sofa Bed|Two-Seater Sofa", 599, 0.55, SIZE_LENGTH},
    {"Living Room", "Armchairs", "Armchair|Wing Chair|Recliner|Rocking Chair", 229, 0.55, SIZE_NONE},
    {"Living Room", "Coffee Tables", "Coffee Table|Side Table|Nest of Tables", 109, 0.60, SIZE_AREA},
    {"Living Room", "TV Stands", "TV Stand|Lowboard|Media Unit", 139, 0.55, SIZE_LENGTH},
    {"Dining Room", "Dining Tables", "Dining Table|Extending Table|Round Table", 299, 0.60, SIZE_AREA},
    {"Dining Room", "Dining Chairs", "Dining Chair|Dining Chair Set|Bar Stool", 99, 0.55, SIZE_PACK},
    {"Bedroom", "Beds", "Bed Frame|Upholstered Bed|Bunk Bed|Ottoman Bed", 319, 0.55, SIZE_AREA},
    {"Bedroom", "Mattresses", "Mattress|Memory Foam Mattress|Pocket Spring Mattress", 289, 0.55, SIZE_AREA},
    {"Bedroom", "Wardrobes", "Wardrobe|Sliding Door Wardrobe|Clothes Rail", 259, 0.60, SIZE_LENGTH},
    {"Bedroom", "Bedside Tables", "Bedside Table|Night Stand", 59, 0.50, SIZE_NONE},
    {"Storage", "Shelves", "Bookcase|Wall Shelf|Ladder Shelf|Cube Shelf", 69, 0.60, SIZE_LENGTH},
    {"Storage", "Shoe Cabinets", "Shoe Cabinet|Shoe Rack|Hallway Bench", 69, 0.50, SIZE_NONE},
    {"Office", "Office Chairs", "Office Chair|Ergonomic Chair|Gaming Chair", 169, 0.55, SIZE_NONE},
    {"Office", "Desks", "Desk|Standing Desk|Corner Desk|Computer Desk", 179, 0.55, SIZE_AREA},
    {"Decoration", "Rugs", "Rug|Runner|Shaggy Rug|Round Rug", 89, 0.70, SIZE_AREA},
    {"Decoration", "Mirrors", "Wall Mirror|Full-Length Mirror", 69, 0.55, SIZE_AREA},
};

static const struct vocabulary_leaf tools[] = {
    {"Power Tools", "Drills", "Cordless Drill|Hammer Drill|Combi Drill|Impact Driver", 119, 0.55, SIZE_NONE},
    {"Power Tools", "Saws", "Circular Saw|Jigsaw|Mitre Saw|Reciprocating Saw", 129, 0.55, SIZE_NONE},
    {"Power Tools", "Sanders", "Orbital Sander|Belt Sander|Detail Sander", 69, 0.50, SIZE_NONE},
    {"Power Tools", "Grinders", "Angle Grinder|Bench Grinder", 79, 0.50, SIZE_NONE},
    {"Hand Tools", "Screwdrivers", "Screwdriver Set|Precision Screwdrivers|Bit Set", 22, 0.55, SIZE_PIECES},
    {"Hand Tools", "Hammers", "Claw Hammer|Rubber Mallet|Sledge Hammer", 21, 0.45, SIZE_GRAM},
    {"Hand Tools", "Spanners", "Spanner Set|Socket Set|Torque Wrench", 54, 0.60, SIZE_PIECES},
    {"Hand Tools", "Pliers", "Pliers|Combination Pliers|Water Pump Pliers", 19, 0.50, SIZE_LENGTH},
    {"Measuring", "Tape Measures", "Tape Measure|Laser Distance Meter|Spirit Level", 24, 0.65, SIZE_LENGTH},
    {"Fixings", "Screws", "Wood Screws|Chipboard Screws|Drywall Screws", 9, 0.55, SIZE_PIECES},
    {"Fixings", "Wall Plugs", "Wall Plugs|Anchor Bolts|Picture Hooks", 8, 0.50, SIZE_PIECES},
    {"Painting", "Wall Paint", "Wall Paint|Emulsion Paint|Chalk Paint", 34, 0.50, SIZE_LITRE},
    {"Painting", "Brushes & Rollers", "Paint Roller Set|Paint Brush Set", 13, 0.45, SIZE_PIECES},
    {"Storage", "Tool Boxes", "Tool Box|Tool Bag|Tool Trolley", 49, 0.65, SIZE_LITRE},
    {"Safety", "Work Gloves", "Work Gloves|Assembly Gloves", 9, 0.45, SIZE_WEAR},
    {"Safety", "Safety Glasses", "Safety Glasses|Ear Defenders|Dust Masks", 14, 0.50, SIZE_PACK},
};

static const struct vocabulary_leaf garden[] = {
    {"Machines", "Lawn Mowers", "Lawn Mower|Robot Lawn Mower|Cordless Mower", 289, 0.60, SIZE_LENGTH},
    {"Machines", "Hedge Trimmers", "Hedge Trimmer|Grass Trimmer|Brush Cutter", 99, 0.50, SIZE_LENGTH},
    {"Machines", "Pressure Washers", "Pressure Washer|Patio Cleaner", 149, 0.50, SIZE_NONE},
    {"Watering", "Garden Hoses", "Garden Hose|Hose Reel|Soaker Hose", 39, 0.50, SIZE_LENGTH},
    {"Watering", "Watering Cans", "Watering Can|Rain Barrel|Drip Irrigation Kit", 29, 0.65, SIZE_LITRE},
    {"Hand Tools", "Secateurs", "Secateurs|Loppers|Hedge Shears", 24, 0.45, SIZE_NONE},
    {"Hand Tools", "Spades & Forks", "Spade|Digging Fork|Rake|Hand Trowel", 29, 0.45, SIZE_NONE},
    {"Plants", "Seeds", "Tomato Seeds|Wildflower Seeds|Herb Seeds|Lawn Seed", 5, 0.60, SIZE_GRAM},
    {"Plants", "Bulbs", "Tulip Bulbs|Daffodil Bulbs|Dahlia Tubers", 11, 0.45, SIZE_PIECES},
    {"Plants", "Soil & Fertiliser", "Potting Soil|Plant Food|Compost|Bark Mulch", 12, 0.45, SIZE_LITRE},
    {"Pots", "Plant Pots", "Plant Pot|Raised Bed|Hanging Basket|Window Box", 24, 0.60, SIZE_LENGTH},
    {"Outdoor Living", "Garden Furniture", "Garden Chair|Lounge Set|Bistro Set|Sun Lounger", 189, 0.70, SIZE_PIECES},
    {"Outdoor Living", "Barbecues", "Charcoal Barbecue|Gas Barbecue|Fire Pit", 199, 0.65, SIZE_NONE},
    {"Outdoor Living", "Parasols", "Parasol|Awning|Gazebo", 109, 0.65, SIZE_AREA},
    {"Outdoor Living", "Pools", "Paddling Pool|Frame Pool|Pool Pump", 119, 0.80, SIZE_LITRE},
    {"Wildlife", "Bird Feeders", "Bird Feeder|Nest Box|Bird Bath", 19, 0.50, SIZE_NONE},
};

static const struct vocabulary_leaf appliances[] = {
    {"Coffee & Tea", "Coffee Machines", "Espresso Machine|Filter Coffee Maker|Bean to Cup Machine", 199, 0.75,
     SIZE_LITRE},
    {"Coffee & Tea", "Kettles", "Kettle|Electric Kettle|Gooseneck Kettle", 39, 0.50, SIZE_LITRE},
    {"Food Preparation", "Blenders", "Blender|Hand Blender|Smoothie Maker", 54, 0.60, SIZE_LITRE},
    {"Food Preparation", "Stand Mixers", "Stand Mixer|Kitchen Machine|Hand Mixer", 149, 0.65, SIZE_LITRE},
    {"Cooking", "Toasters", "Toaster|Sandwich Toaster|Waffle Maker", 36, 0.50, SIZE_NONE},
    {"Cooking", "Air Fryers", "Air Fryer|Dual Zone Air Fryer|Mini Oven", 99, 0.50, SIZE_LITRE},
    {"Cooking", "Microwaves", "Microwave|Combination Microwave", 119, 0.45, SIZE_LITRE},
    {"Cooking", "Hobs", "Induction Hob|Ceramic Hob|Gas Hob", 329, 0.55, SIZE_NONE},
    {"Floor Care", "Vacuum Cleaners", "Vacuum Cleaner|Cordless Vacuum|Robot Vacuum", 199, 0.60, SIZE_LITRE},
    {"Floor Care", "Steam Cleaners", "Steam Cleaner|Steam Mop|Carpet Washer", 109, 0.50, SIZE_LITRE},
    {"Laundry", "Washing Machines", "Washing Machine|Washer Dryer|Tumble Dryer", 479, 0.40, SIZE_KILO},
    {"Laundry", "Irons", "Steam Iron|Steam Generator Iron|Garment Steamer", 59, 0.60, SIZE_NONE},
    {"Cooling", "Fridges", "Fridge Freezer|Table Top Fridge|Freezer", 449, 0.50, SIZE_LITRE},
    {"Cooling", "Fans", "Tower Fan|Desk Fan|Ceiling Fan|Air Cooler", 64, 0.60, SIZE_NONE},
    {"Dishwashing", "Dishwashers", "Dishwasher|Slimline Dishwasher", 429, 0.40, SIZE_NONE},
    {"Climate", "Heaters", "Fan Heater|Oil Radiator|Infrared Heater|Dehumidifier", 74, 0.60, SIZE_NONE},
};

static const struct vocabulary_leaf lighting[] = {
    {"Indoor", "Ceiling Lights", "Ceiling Light|Pendant Light|Chandelier|Spotlight Bar", 69, 0.70, SIZE_NONE},
    {"Indoor", "Table Lamps", "Table Lamp|Desk Lamp|Bedside Lamp", 39, 0.60, SIZE_NONE},
    {"Indoor", "Floor Lamps", "Floor Lamp|Arc Lamp|Uplighter", 84, 0.60, SIZE_NONE},
    {"Indoor", "Wall Lights", "Wall Light|Picture Light|Mirror Light", 44, 0.60, SIZE_NONE},
    {"Bulbs", "LED Bulbs", "LED Bulb|E27 Bulb|GU10 Bulb|Candle Bulb", 9, 0.55, SIZE_PACK},
    {"Bulbs", "Smart Bulbs", "Smart Bulb|Colour Bulb|Filament Smart Bulb", 19, 0.50, SIZE_PACK},
    {"Bulbs", "LED Strips", "LED Strip|Neon Strip|Under-Cabinet Light", 24, 0.55, SIZE_LENGTH},
    {"Outdoor", "Outdoor Lights", "Outdoor Wall Light|Path Light|Post Light", 49, 0.60, SIZE_NONE},
    {"Outdoor", "Solar Lights", "Solar Light|Solar Lantern|Solar Spotlight", 24, 0.55, SIZE_PACK},
    {"Outdoor", "Floodlights", "Floodlight|Floodlight with Motion Sensor", 34, 0.55, SIZE_NONE},
    {"Decoration", "String Lights", "String Lights|Fairy Lights|Light Curtain", 17, 0.50, SIZE_LENGTH},
    {"Decoration", "Candles", "Scented Candle|LED Candles|Pillar Candle", 14, 0.60, SIZE_GRAM},
    {"Torches", "Torches", "LED Torch|Head Torch|Camping Lantern", 26, 0.60, SIZE_NONE},
};

const struct vocabulary_department vocabulary_home[6] = {
    {.name = "Home & Kitchen", .style = STYLE_HOME, .weight = 84, .colour_percent = 75,
     .brands = "Casalumen|Ostergaard & Finch|Tavolina|Brasmonte|Hearthwick", .surname = "Home",
     .adjectives = "Non-Stick|Stainless|Dishwasher Safe|Handmade|Modern|Rustic|Stackable|Insulated|Leakproof|Cast Iron|"
                   "Professional|Ceramic|Scandinavian|Extra Large|Double Walled|Thermal|Embossed",
     .materials = "Stainless Steel|Cast Iron|Porcelain|Stoneware|Bamboo|Borosilicate Glass|Cotton|Linen|Acacia Wood|"
                  "Silicone|Enamel|Copper|Microfibre|Percale",
     .features = "a stay-cool handle|an induction base|a tight-fitting lid|rounded corners|a scratch-resistant coating|"
                 "a hanging loop|hand-painted details|a non-slip base|measuring marks|a gift box|OEKO-TEX yarns|"
                 "a pouring rim|reinforced edges",
     .uses = "all hobs|large families|small kitchens|everyday cooking|guests|picnics and the office|Sunday roasts|"
             "the oven and the table|open-plan kitchens|weekend bakers",
     .specifications = "# cm|#.# litres|# mm thick|oven safe to #0 degrees|#00 g per square metre|#00 thread count|"
                       "up to # hours cold|serves #",
     .leaves = kitchen, .leaf_count = VOCABULARY_COUNT(kitchen)},
    {.name = "Furniture", .style = STYLE_HOME, .weight = 44, .colour_percent = 95,
     .brands = "Lindholt|Mobelarc|Cedar & Vane|Ruhewald|Stolund", .surname = "Living",
     .adjectives = "Modern|Industrial|Solid Wood|Upholstered|Height Adjustable|Foldable|Scandinavian|Mid-Century|"
                   "Extendable|Space Saving|Tufted|Rustic|High Gloss|Swivel|Stackable",
     .materials = "Oak|Velvet|Walnut|Pine|Steel|Rattan|Mango Wood|Bouclé|Engineered Wood|Marble Effect|Leather|"
                  "Tempered Glass|Beech|Linen Blend",
     .features = "soft-close drawers|adjustable feet|hidden storage|removable covers|rounded edges|lumbar support|"
                 "cable openings|easy assembly|tapered legs|a wipe-clean surface|an anti-tip kit|thick padding",
     .uses = "small flats|family rooms|home offices|guest rooms|loft apartments|children's rooms|long evenings|"
             "studios|entrance halls",
     .specifications = "load up to #0 kg|# cm seat height|# drawers|# shelves|seats #|# cm deep|# firmness zones",
     .leaves = furniture, .leaf_count = VOCABULARY_COUNT(furniture)},
    {.name = "Tools & DIY", .style = STYLE_TOOL, .weight = 50, .colour_percent = 25,
     .brands = "Hammerholt|Zagmeister|Boltwright|Ferrum Nord|Kraftune", .surname = "Werk",
     .adjectives = "Cordless|Professional|Heavy Duty|Brushless|Compact|Precision|Insulated|Magnetic|Variable Speed|"
                   "Ergonomic|Anti-Slip|Galvanised|Quick Release|Low Odour|High Torque",
     .materials = "Chrome Vanadium Steel|Hardened Steel|Carbon Steel|Fibreglass|Aluminium|Zinc Plated Steel|Nylon|"
                  "Nitrile|Tungsten Carbide|Beech Wood",
     .features = "a soft grip|a keyless chuck|two batteries|a dust bag|an LED work light|a carry case|"
                 "overload protection|a parallel guide|soft start|colour-coded sizes|a belt clip|an automatic lock",
     .uses = "masonry and wood|furniture assembly|renovations|professionals and hobbyists|tight corners|outdoor work|"
             "interior walls|workshops|overhead jobs",
     .specifications = "# V|#00 W|# Nm|#000 rpm|# mm|# Ah|# pieces|#.# kg|covers # square metres|# mm chuck",
     .leaves = tools, .leaf_count = VOCABULARY_COUNT(tools)},
    {.name = "Garden", .style = STYLE_HOME, .weight = 40, .colour_percent = 45,
     .brands = "Verdanta|Rootsworth|Gardella Moor|Halmgrün|Bramblecote", .surname = "Gardens",
     .adjectives = "Weatherproof|Organic|Frost Resistant|Cordless|Telescopic|Foldable|Hardy|Peat Free|Kink Free|"
                   "UV Resistant|Galvanised|Self-Watering|Robust|Perennial",
     .materials = "Teak|Powder Coated Steel|Terracotta|Acacia Wood|Polyrattan|Aluminium|Corten Steel|Eucalyptus|"
                  "Galvanised Steel|Recycled Plastic|Bamboo",
     .features = "drainage holes|a mulching function|quick connectors|a rust-proof finish|sharp bypass blades|"
                 "cushions included|a safety switch|a tilting pole|a grass box|a wall bracket|slow-release nutrients",
     .uses = "balconies and terraces|small lawns|raised beds|vegetable growers|sunny spots|pollinators|big families|"
             "autumn leaves|shady corners",
     .specifications = "#0 W|# V|#0 litres|cutting width # cm|up to #0 square metres|# bar|# m reach|flowers in # "
                       "weeks",
     .leaves = garden, .leaf_count = VOCABULARY_COUNT(garden)},
    {.name = "Appliances", .style = STYLE_TECH, .weight = 44, .colour_percent = 80,
     .brands = "Brauvik|Domelco|Caldora|Wirbelhaus|Arctenza", .surname = "Appliances",
     .adjectives = "Energy Saving|Quiet|Programmable|Compact|Cordless|Digital|Bagless|Freestanding|Stainless Steel|"
                   "Self-Cleaning|Fast Heating|Built-In|Automatic|Retro|Smart",
     .materials = "Stainless Steel|Glass|BPA Free Plastic|Cast Aluminium|Ceramic|Bamboo|Enamelled Steel",
     .features = "a removable water tank|touch controls|automatic shut-off|a delay timer|a washable filter|"
                 "a milk frother|several power levels|a keep-warm function|dishwasher-safe parts|a child lock|"
                 "app control|a quiet inverter motor|a no-frost system",
     .uses = "quick breakfasts|busy households|pet owners|single kitchens|coffee lovers|allergy sufferers|hard floors|"
             "large loads|summer heat",
     .specifications = "#00 W|# bar|# dB|# programmes|#.# litres|#000 rpm|energy class A|# minutes|#00 kWh a year|# kg",
     .leaves = appliances, .leaf_count = VOCABULARY_COUNT(appliances)},
    {.name = "Lighting", .style = STYLE_TECH, .weight = 30, .colour_percent = 70,
     .brands = "Glimmora|Lichthaven|Solabright|Ember & Ray|Candelux Ny", .surname = "Lighting",
     .adjectives = "Dimmable|LED|Warm White|Modern|Solar|Waterproof|Energy Saving|Industrial|Adjustable|Wireless|"
                   "Vintage|Cool White|Rechargeable|Motion Sensor|Touch",
     .materials = "Brass|Aluminium|Opal Glass|Steel|Rattan|Paper|Oak|Concrete|Smoked Glass|Fabric|Soy Wax",
     .features = "a dimmer switch|a fabric cable|a memory function|three brightness levels|a swivel head|"
                 "app and voice control|a timer|a replaceable battery|glare-free light|easy mounting|a remote control",
     .uses = "living rooms|reading corners|hallways and stairs|terraces|children's rooms|bathrooms|workplaces|"
             "festive evenings|camping trips",
     .specifications = "# W|#00 lumens|#00 K|#0 hours|IP#|# LEDs|# m cable|CRI #",
     .leaves = lighting, .leaf_count = VOCABULARY_COUNT(lighting)},
};
