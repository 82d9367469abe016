/*
 * vocabulary_wear.c - departments of things to wear: shoes, clothing, children's, jewellery, sports.
 * Tables only; vocabulary.h says how they are read. All brands are invented.
 */
#include "data/vocabulary.h"

static const struct vocabulary_leaf shoes[] = {
    {"Outdoor Shoes", "Hiking Boots", "Hiking Boots|Trekking Boots|Walking Boots|Trail Boots", 109, 0.45, SIZE_SHOE},
    {"Sports Shoes", "Running Shoes", "Running Shoes|Road Running Shoes|Jogging Shoes", 89, 0.40, SIZE_SHOE},
    {"Casual Shoes", "Sneakers", "Sneakers|Low Top Sneakers|High Top Sneakers", 69, 0.45, SIZE_SHOE},
    {"Sports Shoes", "Trail Running Shoes", "Trail Running Shoes|Fell Running Shoes", 104, 0.35, SIZE_SHOE},
    {"Casual Shoes", "Loafers", "Loafers|Penny Loafers|Slip-On Loafers", 74, 0.45, SIZE_SHOE},
    {"Formal Shoes", "Oxfords", "Oxford Shoes|Derby Shoes|Brogues", 119, 0.45, SIZE_SHOE},
    {"Summer Shoes", "Sandals", "Sandals|Strap Sandals|Slides", 39, 0.50, SIZE_SHOE},
    {"Boots", "Ankle Boots", "Ankle Boots|Chelsea Boots|Chukka Boots", 99, 0.45, SIZE_SHOE},
    {"Boots", "Winter Boots", "Winter Boots|Snow Boots|Lined Boots", 94, 0.40, SIZE_SHOE},
    {"Formal Shoes", "Pumps", "Pumps|Court Shoes|Block Heel Pumps", 69, 0.50, SIZE_SHOE},
    {"Casual Shoes", "Slippers", "Slippers|House Slippers|Clogs", 24, 0.45, SIZE_SHOE},
    {"Sports Shoes", "Football Boots", "Football Boots|Indoor Football Shoes", 79, 0.50, SIZE_SHOE},
    {"Sports Shoes", "Court Shoes", "Tennis Shoes|Badminton Shoes|Volleyball Shoes", 84, 0.35, SIZE_SHOE},
    {"Boots", "Rain Boots", "Rain Boots|Wellington Boots", 44, 0.40, SIZE_SHOE},
    {"Work Shoes", "Safety Shoes", "Safety Shoes|Safety Boots|Work Shoes", 79, 0.35, SIZE_SHOE},
    {"Shoe Care", "Insoles", "Insoles|Shoe Inserts|Gel Insoles", 16, 0.45, SIZE_SHOE},
};

static const struct vocabulary_leaf women[] = {
    {"Dresses", "Summer Dresses", "Summer Dress|Wrap Dress|Midi Dress|Sun Dress", 49, 0.50, SIZE_WEAR},
    {"Tops", "Blouses", "Blouse|Tunic|Wrap Blouse", 35, 0.45, SIZE_WEAR},
    {"Tops", "T-Shirts", "T-Shirt|Long Sleeve Top|Tank Top", 19, 0.45, SIZE_WEAR},
    {"Trousers", "Jeans", "Skinny Jeans|Straight Jeans|Mom Jeans|Flared Jeans", 59, 0.40, SIZE_WEAR},
    {"Trousers", "Leggings", "Leggings|Yoga Leggings|Capri Leggings", 29, 0.45, SIZE_WEAR},
    {"Knitwear", "Sweaters", "Sweater|Jumper|Turtleneck Sweater", 49, 0.45, SIZE_WEAR},
    {"Knitwear", "Cardigans", "Cardigan|Open Cardigan|Knit Jacket", 54, 0.45, SIZE_WEAR},
    {"Jackets & Coats", "Winter Coats", "Winter Coat|Parka|Puffer Coat", 129, 0.45, SIZE_WEAR},
    {"Jackets & Coats", "Rain Jackets", "Rain Jacket|Raincoat|Trench Coat", 89, 0.45, SIZE_WEAR},
    {"Dresses", "Evening Dresses", "Evening Dress|Cocktail Dress|Maxi Dress", 99, 0.55, SIZE_WEAR},
    {"Skirts", "Skirts", "Skirt|Pleated Skirt|Pencil Skirt|Denim Skirt", 39, 0.45, SIZE_WEAR},
    {"Underwear", "Bras", "Bra|Sports Bra|Bralette", 29, 0.45, SIZE_WEAR},
    {"Underwear", "Socks & Tights", "Socks|Tights|Ankle Socks", 12, 0.45, SIZE_PACK},
    {"Nightwear", "Pyjamas", "Pyjama Set|Nightdress|Sleep Shirt", 34, 0.45, SIZE_WEAR},
    {"Swimwear", "Swimsuits", "Swimsuit|Bikini Set|Tankini", 39, 0.45, SIZE_WEAR},
    {"Accessories", "Scarves", "Scarf|Shawl|Infinity Scarf", 24, 0.50, SIZE_NONE},
    {"Accessories", "Handbags", "Handbag|Shoulder Bag|Tote Bag|Crossbody Bag", 69, 0.65, SIZE_NONE},
};

static const struct vocabulary_leaf men[] = {
    {"Shirts", "Casual Shirts", "Casual Shirt|Flannel Shirt|Linen Shirt", 39, 0.45, SIZE_WEAR},
    {"Shirts", "Dress Shirts", "Dress Shirt|Business Shirt|Oxford Shirt", 49, 0.40, SIZE_WEAR},
    {"Shirts", "T-Shirts", "T-Shirt|Crew Neck T-Shirt|Polo Shirt", 19, 0.45, SIZE_WEAR},
    {"Trousers", "Jeans", "Slim Jeans|Straight Jeans|Relaxed Jeans", 64, 0.40, SIZE_WEAR},
    {"Trousers", "Chinos", "Chinos|Stretch Chinos|Cargo Trousers", 49, 0.40, SIZE_WEAR},
    {"Trousers", "Shorts", "Shorts|Cargo Shorts|Chino Shorts", 34, 0.40, SIZE_WEAR},
    {"Knitwear", "Sweaters", "Sweater|Crew Neck Sweater|Zip Sweater", 54, 0.45, SIZE_WEAR},
    {"Knitwear", "Hoodies", "Hoodie|Zip Hoodie|Sweatshirt", 45, 0.40, SIZE_WEAR},
    {"Jackets & Coats", "Winter Jackets", "Winter Jacket|Parka|Down Jacket", 139, 0.45, SIZE_WEAR},
    {"Jackets & Coats", "Light Jackets", "Bomber Jacket|Field Jacket|Windbreaker", 79, 0.45, SIZE_WEAR},
    {"Suits", "Suits", "Suit|Two-Piece Suit|Suit Jacket|Blazer", 189, 0.50, SIZE_WEAR},
    {"Underwear", "Boxer Shorts", "Boxer Shorts|Trunks|Briefs", 19, 0.40, SIZE_WEAR},
    {"Underwear", "Socks", "Socks|Crew Socks|Sneaker Socks", 12, 0.40, SIZE_PACK},
    {"Accessories", "Belts", "Belt|Braided Belt|Reversible Belt", 29, 0.45, SIZE_LENGTH},
    {"Accessories", "Hats & Caps", "Baseball Cap|Beanie|Bucket Hat", 19, 0.45, SIZE_NONE},
    {"Accessories", "Wallets", "Wallet|Card Holder|Money Clip Wallet", 34, 0.50, SIZE_NONE},
};

static const struct vocabulary_leaf children[] = {
    {"Baby Clothing", "Bodysuits", "Bodysuit|Long Sleeve Bodysuit|Romper", 14, 0.40, SIZE_CHILD},
    {"Baby Clothing", "Sleepsuits", "Sleepsuit|Baby Pyjamas|Sleeping Bag", 22, 0.40, SIZE_CHILD},
    {"Kids' Clothing", "Kids' T-Shirts", "Kids' T-Shirt|Kids' Long Sleeve Shirt", 12, 0.40, SIZE_CHILD},
    {"Kids' Clothing", "Kids' Trousers", "Kids' Jeans|Kids' Joggers|Kids' Leggings", 24, 0.40, SIZE_CHILD},
    {"Kids' Clothing", "Kids' Jackets", "Kids' Rain Jacket|Kids' Winter Jacket|Snowsuit", 54, 0.45, SIZE_CHILD},
    {"Kids' Shoes", "Kids' Sneakers", "Kids' Sneakers|Toddler Shoes|Kids' Sandals", 39, 0.40, SIZE_SHOE},
    {"Nappies & Changing", "Nappies", "Nappies|Pull-Up Pants|Swim Nappies", 14, 0.40, SIZE_PIECES},
    {"Nappies & Changing", "Baby Wipes", "Baby Wipes|Sensitive Wipes", 6, 0.45, SIZE_PIECES},
    {"Feeding", "Baby Bottles", "Baby Bottle|Feeding Bottle|Bottle Set", 13, 0.45, SIZE_ML},
    {"Feeding", "High Chairs", "High Chair|Booster Seat|Folding High Chair", 99, 0.50, SIZE_NONE},
    {"On the Move", "Strollers", "Stroller|Buggy|Travel Stroller|Pram", 279, 0.55, SIZE_NONE},
    {"On the Move", "Child Car Seats", "Child Car Seat|Booster Car Seat|Infant Carrier", 169, 0.45, SIZE_NONE},
    {"On the Move", "Baby Carriers", "Baby Carrier|Baby Sling|Wrap Carrier", 69, 0.50, SIZE_NONE},
    {"Nursery", "Baby Monitors", "Baby Monitor|Video Baby Monitor", 89, 0.50, SIZE_NONE},
    {"Nursery", "Cots", "Cot|Bedside Crib|Travel Cot", 149, 0.50, SIZE_AREA},
    {"Nursery", "Baby Blankets", "Baby Blanket|Swaddle Blanket|Muslin Cloth", 22, 0.45, SIZE_AREA},
};

static const struct vocabulary_leaf jewellery[] = {
    {"Watches", "Wrist Watches", "Wrist Watch|Chronograph|Automatic Watch|Quartz Watch", 149, 0.85, SIZE_NONE},
    {"Watches", "Smart Watches", "Smart Watch|Fitness Watch|GPS Watch", 179, 0.60, SIZE_NONE},
    {"Rings", "Rings", "Ring|Signet Ring|Stacking Ring", 59, 0.90, SIZE_RING},
    {"Rings", "Engagement Rings", "Engagement Ring|Solitaire Ring|Wedding Band", 490, 0.80, SIZE_RING},
    {"Necklaces", "Necklaces", "Necklace|Pendant Necklace|Chain Necklace|Choker", 49, 0.85, SIZE_LENGTH},
    {"Bracelets", "Bracelets", "Bracelet|Bangle|Charm Bracelet|Cuff", 44, 0.80, SIZE_LENGTH},
    {"Earrings", "Stud Earrings", "Stud Earrings|Ear Studs", 34, 0.85, SIZE_NONE},
    {"Earrings", "Hoop Earrings", "Hoop Earrings|Drop Earrings|Creoles", 39, 0.80, SIZE_NONE},
    {"Accessories", "Sunglasses", "Sunglasses|Polarised Sunglasses|Aviator Sunglasses", 69, 0.65, SIZE_NONE},
    {"Accessories", "Cufflinks", "Cufflinks|Tie Clip", 39, 0.60, SIZE_NONE},
    {"Accessories", "Hair Jewellery", "Hair Clip|Hair Band|Tiara", 14, 0.60, SIZE_NONE},
    {"Watches", "Watch Straps", "Watch Strap|Watch Band", 24, 0.55, SIZE_NONE},
    {"Storage", "Jewellery Boxes", "Jewellery Box|Watch Box|Ring Holder", 34, 0.55, SIZE_NONE},
    {"Bracelets", "Anklets", "Anklet|Beaded Anklet", 19, 0.60, SIZE_LENGTH},
};

const struct vocabulary_department vocabulary_wear[5] = {
    {.name = "Shoes", .style = STYLE_WEAR, .weight = 60, .colour_percent = 97,
     .brands = "Nordvik|Stridewell|Kesterra|Pelloni|Brakkfoot",
     .surname = "Footwear", .audiences = "Men's|Women's|Unisex",
     .adjectives = "Waterproof|Lightweight|Breathable|Classic|Comfort|Cushioned|Leather|Wide Fit|Non-Slip|Padded|"
                   "Retro|Insulated|Orthopaedic|Vegan|Quick Dry|All Terrain",
     .materials = "Full Grain Leather|Suede|Mesh|Nubuck|Canvas|Recycled Polyester|Synthetic Leather|Rubber|Felt|"
                  "Ripstop Nylon|Patent Leather|Cork",
     .features = "a grippy rubber outsole|a removable footbed|a breathable lining|reinforced toe caps|"
                 "a cushioned midsole|quick lacing|a padded collar|reflective details|a soft memory foam insole|"
                 "an anti-odour treatment|welded seams|a wide toe box|a steel shank|elastic side panels",
     .uses = "long days on the trail|the daily commute|wet autumn weather|the gym|city walks|mountain huts and "
             "back|long shifts on your feet|rocky paths|weekend trips|narrow and wide feet alike|winter pavements",
     .specifications = "#0 g a shoe|heel height #mm|drop of # mm|# mm lugs|rated to minus # degrees|# eyelets",
     .leaves = shoes, .leaf_count = VOCABULARY_COUNT(shoes)},
    {.name = "Women's Clothing", .style = STYLE_WEAR, .weight = 82, .colour_percent = 99,
     .brands = "Amarelle|Livandra|Soft & Sorrel|Maribelle Faye|Odetta Lune",
     .surname = "Atelier", .audiences = "Women's|Ladies'",
     .adjectives = "Elegant|Casual|Floral|Slim Fit|Oversized|Long Sleeve|Organic|Striped|High Waist|Sleeveless|"
                   "Ribbed|Printed|V-Neck|Soft Touch|Plus Size|Pleated|Embroidered|Lace Trim",
     .materials = "Cotton|Viscose|Linen|Merino Wool|Organic Cotton|Denim|Polyester|Silk|Modal|Cashmere|Jersey|"
                  "Chiffon|Satin|Corduroy",
     .features = "a flattering waistline|side pockets|adjustable straps|a concealed zip|mother of pearl buttons|"
                 "a soft brushed inside|a detachable belt|stretch in the right places|wide cuffs|raglan sleeves|"
                 "a curved hem|delicate lace edges|a lined bodice",
     .uses = "the office and after|summer evenings|layering in winter|a relaxed weekend|garden parties|travel|"
             "yoga and lounging|special occasions|every day|cool mornings",
     .specifications = "#% cotton|#% elastane|length #0 cm|#0 g per square metre|model is 17# cm tall|# buttons",
     .leaves = women, .leaf_count = VOCABULARY_COUNT(women)},
    {.name = "Men's Clothing", .style = STYLE_WEAR, .weight = 70, .colour_percent = 99,
     .brands = "Harrow & Pike|Brennwald|Coldharbour Mill|Tavish Row|Oslander",
     .surname = "Tailors", .audiences = "Men's",
     .adjectives = "Slim Fit|Regular Fit|Classic|Stretch|Heavyweight|Easy Iron|Organic|Checked|Striped|Washed|"
                   "Water Repellent|Fleece Lined|Button Down|Relaxed|Vintage|Quilted|Short Sleeve|Thermal",
     .materials = "Cotton|Organic Cotton|Merino Wool|Linen|Denim|Polyester|Twill|Lambswool|Corduroy|Flannel|"
                  "Recycled Nylon|Piqué Cotton|Tweed|Bamboo Viscose",
     .features = "a button-down collar|zipped pockets|a ribbed hem|double stitched seams|an inside phone pocket|"
                 "a two-way zip|reinforced elbows|an adjustable hood|a comfortable waistband|tonal embroidery|"
                 "a tagless neck|taped seams",
     .uses = "the office|casual Fridays|cold days outdoors|travel|the weekend|layering|workwear|long evenings|"
             "every season|the stadium and the pub",
     .specifications = "#% cotton|#% elastane|#0 g per square metre|# pockets|fill power #0|leg length # inch",
     .leaves = men, .leaf_count = VOCABULARY_COUNT(men)},
    {.name = "Baby & Kids", .style = STYLE_WEAR, .weight = 48, .colour_percent = 80,
     .brands = "Pipkin Lane|Tumblewee|Little Ostra|Mimosel|Hopsy",
     .surname = "Kids", .audiences = "Girls'|Boys'|Unisex",
     .adjectives = "Soft|Organic|Adjustable|Hypoallergenic|Foldable|Printed|Padded|Machine Washable|Lightweight|"
                   "Colourful|Grow-With-Me|BPA Free|Reversible|Breathable|Snuggly",
     .materials = "Organic Cotton|Cotton|Muslin|Fleece|Bamboo Viscose|Silicone|Beech Wood|Polypropylene|Jersey|"
                  "Recycled Polyester|Merino Wool",
     .features = "nickel-free snaps|a five-point harness|an easy-change zip|cute animal prints|scratch mittens|"
                 "a washable cover|turn-up cuffs|one-hand folding|extra soft seams|a sun canopy|an elastic waist",
     .uses = "newborns|the first year|nursery and school|sensitive skin|rainy playgrounds|nights that last longer|"
             "family holidays|growing children|busy parents",
     .specifications = "from # months|up to # kg|#% organic cotton|# cm wide|tested in # laboratories|# snaps",
     .leaves = children, .leaf_count = VOCABULARY_COUNT(children)},
    {.name = "Jewellery & Watches", .style = STYLE_WEAR, .weight = 34, .colour_percent = 75,
     .brands = "Aurelisse|Montveyre|Caldrine|Veyra & Sol|Ondarine",
     .surname = "Jewellers", .audiences = "Women's|Men's|Unisex",
     .adjectives = "Gold Plated|Sterling Silver|Minimalist|Classic|Engraved|Vintage|Handmade|Rose Gold|Delicate|"
                   "Water Resistant|Nickel Free|Art Deco|Sparkling|Adjustable|Twisted",
     .materials = "925 Silver|Stainless Steel|Gold|Titanium|Leather|Freshwater Pearl|Rose Quartz|Ceramic|Brass|"
                  "Cubic Zirconia|Moonstone|Mother of Pearl|Sapphire Glass",
     .features = "a secure clasp|a polished finish|a gift box|an adjustable chain|hand-set stones|"
                 "a scratch-resistant surface|a date window|luminous hands|a matte brushed case|a certificate",
     .uses = "anniversaries|every day|a birthday surprise|special evenings|the office|sensitive skin|weddings|"
             "collectors|sports and swimming",
     .specifications = "# stones|diameter # mm|water resistant to #0 m|# carat|# mm wide|# jewels|chain of #cm",
     .leaves = jewellery, .leaf_count = VOCABULARY_COUNT(jewellery)},
};
