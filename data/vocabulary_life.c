/*
 * vocabulary_life.c - departments of daily life and leisure: grocery, beauty and health, toys, books, sports, pets.
 * Tables only; vocabulary.h says how they are read. All brands are invented.
 */
#include "data/vocabulary.h"

static const struct vocabulary_leaf grocery[] = {
    {"Drinks", "Coffee", "Ground Coffee|Coffee Beans|Instant Coffee|Coffee Capsules", 6.5, 0.55, SIZE_GRAM},
    {"Drinks", "Tea", "Green Tea|Black Tea|Herbal Tea|Earl Grey Tea", 3.6, 0.50, SIZE_PACK},
    {"Drinks", "Juice", "Orange Juice|Apple Juice|Mango Juice|Cranberry Juice", 2.4, 0.45, SIZE_LITRE},
    {"Drinks", "Water", "Sparkling Water|Mineral Water|Still Water", 1.3, 0.55, SIZE_LITRE},
    {"Drinks", "Soft Drinks", "Lemonade|Cola|Ginger Ale|Iced Tea", 1.8, 0.50, SIZE_LITRE},
    {"Dairy & Eggs", "Milk", "Milk|Oat Drink|Soy Drink|Almond Drink", 1.7, 0.40, SIZE_LITRE},
    {"Dairy & Eggs", "Yoghurt", "Yoghurt|Greek Yoghurt|Skyr|Fruit Yoghurt", 1.9, 0.50, SIZE_GRAM},
    {"Dairy & Eggs", "Cheese", "Cheddar|Gouda|Feta|Mozzarella|Goat Cheese", 3.4, 0.50, SIZE_GRAM},
    {"Bakery", "Bread", "Sourdough Bread|Wholemeal Bread|Rye Bread|Bagels", 2.2, 0.40, SIZE_GRAM},
    {"Bakery", "Biscuits", "Butter Biscuits|Oat Cookies|Shortbread|Crackers", 2.1, 0.45, SIZE_GRAM},
    {"Pantry", "Pasta", "Spaghetti|Penne|Fusilli|Tagliatelle", 1.6, 0.50, SIZE_GRAM},
    {"Pantry", "Rice & Grains", "Basmati Rice|Risotto Rice|Quinoa|Couscous", 2.9, 0.50, SIZE_KILO},
    {"Pantry", "Sauces", "Tomato Sauce|Pesto|Curry Sauce|Soy Sauce", 2.5, 0.50, SIZE_GRAM},
    {"Pantry", "Oils & Vinegars", "Olive Oil|Rapeseed Oil|Balsamic Vinegar", 6.9, 0.60, SIZE_ML},
    {"Pantry", "Spices", "Ground Cinnamon|Paprika|Curry Powder|Sea Salt", 2.3, 0.50, SIZE_GRAM},
    {"Pantry", "Breakfast Cereals", "Granola|Muesli|Porridge Oats|Corn Flakes", 3.3, 0.40, SIZE_GRAM},
    {"Snacks", "Chocolate", "Milk Chocolate|Dark Chocolate|Hazelnut Chocolate|Pralines", 2.6, 0.60, SIZE_GRAM},
    {"Snacks", "Crisps & Nuts", "Potato Crisps|Tortilla Chips|Roasted Almonds|Mixed Nuts", 2.3, 0.50, SIZE_GRAM},
    {"Frozen", "Frozen Meals", "Pizza Margherita|Vegetable Lasagne|Fish Fingers", 3.9, 0.40, SIZE_GRAM},
    {"Frozen", "Ice Cream", "Vanilla Ice Cream|Lemon Sorbet|Crème Brûlée Ice Cream", 4.2, 0.45, SIZE_ML},
};

static const struct vocabulary_leaf beauty[] = {
    {"Skin Care", "Face Creams", "Face Cream|Day Cream|Night Cream|Moisturiser", 22, 0.80, SIZE_ML},
    {"Skin Care", "Serums", "Face Serum|Eye Serum|Vitamin C Serum", 26, 0.75, SIZE_ML},
    {"Skin Care", "Cleansers", "Facial Cleanser|Cleansing Foam|Micellar Water", 11, 0.60, SIZE_ML},
    {"Skin Care", "Sun Care", "Sun Cream|Sun Spray|After Sun Lotion", 15, 0.50, SIZE_ML},
    {"Hair Care", "Shampoo", "Shampoo|Anti-Dandruff Shampoo|Dry Shampoo", 8, 0.60, SIZE_ML},
    {"Hair Care", "Conditioner", "Conditioner|Hair Mask|Hair Oil", 10, 0.60, SIZE_ML},
    {"Hair Care", "Hair Dryers", "Hair Dryer|Hair Straightener|Curling Iron", 54, 0.60, SIZE_NONE},
    {"Make-Up", "Lipsticks", "Lipstick|Lip Gloss|Lip Liner", 13, 0.60, SIZE_NONE},
    {"Make-Up", "Mascara", "Mascara|Eyeliner|Eyebrow Pencil", 12, 0.55, SIZE_ML},
    {"Make-Up", "Foundations", "Foundation|Concealer|BB Cream|Powder", 19, 0.60, SIZE_ML},
    {"Make-Up", "Nail Polish", "Nail Polish|Gel Nail Polish|Nail Care Set", 8, 0.50, SIZE_ML},
    {"Fragrance", "Perfume", "Eau de Parfum|Eau de Toilette|Body Mist", 59, 0.60, SIZE_ML},
    {"Bath & Body", "Shower Gel", "Shower Gel|Body Wash|Bath Foam|Soap Bar", 5, 0.60, SIZE_ML},
    {"Bath & Body", "Body Lotion", "Body Lotion|Body Butter|Hand Cream", 9, 0.60, SIZE_ML},
    {"Shaving", "Razors", "Razor|Electric Shaver|Razor Blades|Beard Trimmer", 34, 0.80, SIZE_NONE},
    {"Oral Care", "Toothbrushes", "Electric Toothbrush|Toothbrush Heads|Toothbrush", 24, 0.85, SIZE_PACK},
    {"Health", "Vitamins", "Vitamin D3 Capsules|Multivitamin Tablets|Magnesium|Omega 3", 15, 0.50, SIZE_PIECES},
    {"Health", "First Aid", "Plasters|First Aid Kit|Thermometer|Elastic Bandage", 11, 0.65, SIZE_PIECES},
};

static const struct vocabulary_leaf toys[] = {
    {"Building", "Building Blocks", "Building Blocks|Brick Set|Magnetic Tiles", 34, 0.65, SIZE_PIECES},
    {"Games", "Board Games", "Board Game|Strategy Game|Family Game|Party Game", 29, 0.50, SIZE_NONE},
    {"Games", "Card Games", "Card Game|Playing Cards|Memory Game", 12, 0.45, SIZE_PACK},
    {"Games", "Puzzles", "Puzzle|Jigsaw Puzzle|3D Puzzle", 16, 0.45, SIZE_PIECES},
    {"Dolls & Figures", "Dolls", "Doll|Fashion Doll|Baby Doll", 27, 0.55, SIZE_LENGTH},
    {"Dolls & Figures", "Action Figures", "Action Figure|Knight Figure|Dinosaur Set", 19, 0.55, SIZE_LENGTH},
    {"Dolls & Figures", "Soft Toys", "Soft Toy|Teddy Bear|Plush Rabbit|Cuddly Fox", 19, 0.50, SIZE_LENGTH},
    {"Vehicles", "Toy Cars", "Toy Car|Toy Truck|Fire Engine|Tractor", 17, 0.60, SIZE_NONE},
    {"Vehicles", "Train Sets", "Train Set|Wooden Railway|Model Locomotive", 54, 0.70, SIZE_PIECES},
    {"Vehicles", "Remote Control", "RC Car|RC Boat|Mini Drone", 49, 0.60, SIZE_NONE},
    {"Creative", "Craft Kits", "Craft Kit|Bead Set|Painting by Numbers|Modelling Clay", 16, 0.50, SIZE_PIECES},
    {"Creative", "Colouring", "Colouring Pencils|Finger Paints|Chalk Set", 9, 0.50, SIZE_PIECES},
    {"Outdoor Play", "Trampolines", "Trampoline|Swing Set|Slide|Sandpit", 159, 0.70, SIZE_LENGTH},
    {"Outdoor Play", "Balls", "Play Ball|Water Pistol|Kite|Frisbee", 11, 0.55, SIZE_NONE},
    {"Learning", "Science Kits", "Science Kit|Microscope|Chemistry Set|Telescope", 34, 0.60, SIZE_NONE},
    {"Learning", "Musical Toys", "Xylophone|Toy Drum|Music Box|Kids' Guitar", 24, 0.55, SIZE_NONE},
};

static const struct vocabulary_leaf books[] = {
    {"Fiction", "Crime & Thrillers", "Crime Novel|Thriller|Detective Story", 11, 0.35, SIZE_NONE},
    {"Fiction", "Fantasy", "Fantasy Novel|Epic Fantasy|Dark Fantasy", 13, 0.35, SIZE_NONE},
    {"Fiction", "Science Fiction", "Science Fiction Novel|Space Opera|Dystopian Novel", 12, 0.35, SIZE_NONE},
    {"Fiction", "Romance", "Romance|Love Story|Romantic Comedy", 10, 0.35, SIZE_NONE},
    {"Fiction", "Historical Fiction", "Historical Novel|Family Saga", 13, 0.35, SIZE_NONE},
    {"Fiction", "Short Stories", "Short Stories|Collected Stories|Poems", 12, 0.40, SIZE_NONE},
    {"Non-Fiction", "Biographies", "Biography|Memoir|Autobiography", 17, 0.40, SIZE_NONE},
    {"Non-Fiction", "History", "History|Illustrated History|Chronicle", 22, 0.45, SIZE_NONE},
    {"Non-Fiction", "Science", "Popular Science|Science Book|Essays", 19, 0.45, SIZE_NONE},
    {"Non-Fiction", "Business", "Business Guide|Management Handbook", 24, 0.45, SIZE_NONE},
    {"Practical", "Cookbooks", "Cookbook|Baking Book|Vegetarian Cookbook", 21, 0.40, SIZE_NONE},
    {"Practical", "Travel Guides", "Travel Guide|Walking Guide|City Guide", 16, 0.35, SIZE_NONE},
    {"Practical", "Gardening Books", "Gardening Book|Plant Guide", 18, 0.40, SIZE_NONE},
    {"Children's Books", "Picture Books", "Picture Book|Bedtime Stories|Board Book", 9, 0.40, SIZE_NONE},
    {"Children's Books", "Young Readers", "Children's Novel|Adventure Story|Comic", 10, 0.40, SIZE_NONE},
    {"Study", "Textbooks", "Textbook|Workbook|Study Guide|Dictionary", 38, 0.55, SIZE_NONE},
};

static const struct vocabulary_leaf media[] = {
    {"Music", "Vinyl Records", "Vinyl Record|Double Vinyl|Limited Vinyl", 26, 0.40, SIZE_NONE},
    {"Music", "CDs", "CD|Double CD|CD Box Set", 14, 0.45, SIZE_NONE},
    {"Film", "Blu-ray Films", "Blu-ray|4K Blu-ray|Blu-ray Box Set", 17, 0.50, SIZE_NONE},
    {"Film", "DVDs", "DVD|DVD Box Set|Complete Season", 11, 0.50, SIZE_NONE},
    {"Games", "Console Games", "Console Game|Video Game|Deluxe Edition Game", 44, 0.45, SIZE_NONE},
    {"Games", "PC Games", "PC Game|Strategy Game|Simulation Game", 32, 0.50, SIZE_NONE},
    {"Instruments", "Guitars", "Acoustic Guitar|Electric Guitar|Bass Guitar|Ukulele", 199, 0.75, SIZE_NONE},
    {"Instruments", "Keyboards & Pianos", "Digital Piano|Keyboard|Synthesizer", 349, 0.75, SIZE_NONE},
    {"Instruments", "Drums", "Drum Kit|Electronic Drum Kit|Cajón|Djembe", 229, 0.80, SIZE_NONE},
    {"Instruments", "Wind Instruments", "Flute|Clarinet|Trumpet|Harmonica|Recorder", 149, 0.90, SIZE_NONE},
    {"Instruments", "Sheet Music", "Sheet Music|Songbook|Piano Book", 16, 0.40, SIZE_NONE},
    {"Studio", "Microphones", "Microphone|USB Microphone|Condenser Microphone", 94, 0.70, SIZE_NONE},
    {"Studio", "Audio Interfaces", "Audio Interface|Mixing Desk", 149, 0.60, SIZE_NONE},
};

static const struct vocabulary_leaf pets[] = {
    {"Dogs", "Dog Food", "Dry Dog Food|Wet Dog Food|Puppy Food", 19, 0.75, SIZE_KILO},
    {"Dogs", "Dog Treats", "Dog Treats|Chew Bones|Dental Sticks", 5, 0.55, SIZE_GRAM},
    {"Dogs", "Dog Beds", "Dog Bed|Dog Cushion|Dog Blanket", 44, 0.55, SIZE_AREA},
    {"Dogs", "Leads & Collars", "Dog Lead|Dog Collar|Dog Harness|Retractable Lead", 22, 0.50, SIZE_WEAR},
    {"Dogs", "Dog Toys", "Dog Toy|Chew Toy|Rope Toy|Ball Launcher", 9, 0.50, SIZE_NONE},
    {"Cats", "Cat Food", "Wet Cat Food|Dry Cat Food|Kitten Food", 12, 0.75, SIZE_GRAM},
    {"Cats", "Cat Litter", "Cat Litter|Clumping Litter|Litter Tray", 13, 0.50, SIZE_LITRE},
    {"Cats", "Cat Trees", "Cat Tree|Scratching Post|Scratching Board", 59, 0.65, SIZE_LENGTH},
    {"Cats", "Cat Toys", "Cat Toy|Feather Wand|Catnip Mouse", 7, 0.50, SIZE_NONE},
    {"Fish", "Aquariums", "Aquarium|Fish Tank|Nano Aquarium", 119, 0.70, SIZE_LITRE},
    {"Fish", "Fish Food", "Fish Food|Flake Food|Pond Sticks", 7, 0.55, SIZE_ML},
    {"Small Animals", "Hutches", "Rabbit Hutch|Hamster Cage|Outdoor Run", 94, 0.60, SIZE_AREA},
    {"Small Animals", "Hay & Bedding", "Meadow Hay|Wood Shavings|Hemp Bedding", 9, 0.50, SIZE_KILO},
    {"Birds", "Bird Cages", "Bird Cage|Aviary|Parrot Perch", 74, 0.60, SIZE_NONE},
    {"Birds", "Bird Food", "Bird Food|Budgie Seed|Fat Balls", 7, 0.55, SIZE_KILO},
};

const struct vocabulary_department vocabulary_life[6] = {
    {.name = "Grocery", .style = STYLE_FOOD, .weight = 110, .colour_percent = 0,
     .brands = "Hollyfold Farm|Morgenhof|Tierra Clara|Sunne & Søn|Oatwell", .surname = "Foods",
     .adjectives = "Organic|Fairtrade|Gluten Free|Vegan|Low Fat|Wholegrain|Unsweetened|Classic|Lactose Free|Spicy|"
                   "Smoked|No Added Sugar|Extra Strong|Family Pack|Traditional|Salted|Low Salt",
     .materials = "Sea Salt|Hazelnut|Wholegrain|Honey|Vanilla|Lemon|Basil|Almond|Cocoa|Jalapeño|Caramel|Raspberry|"
                  "Garlic|Ginger|Rosemary|Cardamom",
     .features = "no artificial flavours|a mild aroma|a rich taste|a fine crumb|a resealable bag|a hint of vanilla|"
                 "plenty of fibre|a recyclable carton|a long finish|carefully selected ingredients|a creamy texture",
     .uses = "breakfast|quick lunches|barbecues|baking|children's lunch boxes|a cosy evening|festive tables|"
             "everyday cooking|sharing|the hiking backpack",
     .specifications = "#% cocoa|# g of protein|# kcal per 100 g|#% fruit|# servings|# minutes cooking time|#% fat",
     .leaves = grocery, .leaf_count = VOCABULARY_COUNT(grocery)},
    {.name = "Beauty & Health", .style = STYLE_CARE, .weight = 72, .colour_percent = 30,
     .brands = "Belisande|Hydrelle|Purelova|Sage & Salt Lab|Dermavie Nord", .surname = "Cosmetics",
     .adjectives = "Hydrating|Gentle|Natural|Vegan|Anti-Ageing|Fragrance Free|Soothing|Long Lasting|Nourishing|"
                   "Repair|Volume|Matte|Waterproof|Refreshing|Intensive|Sensitive|Alcohol Free",
     .materials = "Aloe Vera|Hyaluronic Acid|Shea Butter|Argan Oil|Vitamin E|Green Tea|Niacinamide|Coconut Oil|"
                  "Retinol|Almond Oil|Lavender|Chamomile|Jojoba Oil|Ceramides",
     .features = "a light texture|no parabens|a fresh scent|a precise applicator|dermatologically tested ingredients|"
                 "a pump dispenser|a natural finish|fast absorption|a silky feel|a recyclable bottle",
     .uses = "dry skin|sensitive skin|all skin types|coloured hair|daily care|mature skin|sunny days|busy mornings|"
             "the whole family|oily and combination skin",
     .specifications = "SPF #|#% aloe vera|# hours of moisture|pH #.5|#00 mg|# capsules|#% natural ingredients",
     .leaves = beauty, .leaf_count = VOCABULARY_COUNT(beauty)},
    {.name = "Toys & Games", .style = STYLE_PLAY, .weight = 50, .colour_percent = 40,
     .brands = "Quibblewood|Jolliwink|Kobolino|Marble Fox|Spielstern", .surname = "Toys",
     .adjectives = "Wooden|Educational|Creative|Colourful|Magnetic|Interactive|Classic|Glow in the Dark|Musical|"
                   "Cooperative|Washable|Mini|Giant|Rechargeable|Collectable",
     .materials = "Beech Wood|ABS|Plush|Cardboard|Silicone|Recycled Plastic|Felt|Cotton|Foam|Birch Plywood",
     .features = "illustrated instructions|easy rules|light and sound|rounded edges|non-toxic paint|moving parts|"
                 "a storage bag|many ways to play|a display stand|replaceable parts|hidden surprises",
     .uses = "rainy afternoons|birthday parties|little explorers|family evenings|curious minds|playgroups|"
             "the sandpit and the bath|first friends|long car journeys",
     .specifications = "ages # and up|# pieces|2 to # players|# minutes a round|# cm tall|scale 1:#|#0 cards",
     .leaves = toys, .leaf_count = VOCABULARY_COUNT(toys)},
    {.name = "Books", .style = STYLE_BOOK, .weight = 76, .colour_percent = 0,
     .brands = "Larkspur House|Quillmoor|Ninth Lantern|Harbour Row|Ostrava & Bly", .surname = "Press",
     .adjectives = "Silent|Last|Hidden|Golden|Broken|Winter|Little|Secret|Distant|Burning|Lost|Crimson|Endless|"
                   "Forgotten|Wild|Paper|Northern|Glass|Midnight|Salt",
     .materials = "Paperback|Hardcover|E-Book|Audiobook|Large Print|Illustrated Edition|Signed Edition|Box Set",
     .features = "vivid characters|an unexpected ending|dry humour|rich illustrations|maps and timelines|"
                 "a family secret|short chapters|clear explanations|a strong heroine|many photographs|"
                 "step-by-step recipes",
     .uses = "readers of all ages|book clubs|long winter evenings|holiday reading|curious beginners|the bedside table|"
             "fans of the genre|students and teachers",
     .specifications = "#0 pages|#00 pages|edition #|volume #|# chapters|# illustrations|ages # and up",
     .leaves = books, .leaf_count = VOCABULARY_COUNT(books)},
    {.name = "Music, Film & Games", .style = STYLE_MEDIA, .weight = 48, .colour_percent = 8,
     .brands = "Tonwerk|Blue Heron|Kassandra|Fablehouse|Rivermoon", .surname = "Records",
     .adjectives = "Electric|Lonely|Golden|Midnight|Restless|Velvet|Neon|Broken|Summer|Holy|Slow|Silver|Distant|"
                   "Strange|Hollow|Bright|Savage|Blue",
     .materials = "Limited Edition|Remastered|Live Recording|Deluxe Edition|Original Soundtrack|Anniversary Edition|"
                  "Special Edition|Studio Album|Director's Cut",
     .features = "bonus tracks|unreleased material|liner notes|English subtitles|a folded poster|a warm sound|"
                 "commentary by the makers|an online mode|a spruce top|weighted keys|a padded bag",
     .uses = "collectors|home studios|long drives|beginners and returners|quiet evenings|live stages|the whole family|"
             "fans of the early years",
     .specifications = "# tracks|#0 minutes|# discs|#0 g vinyl|ages # and up|# keys|season #|# levels",
     .leaves = media, .leaf_count = VOCABULARY_COUNT(media)},
    {.name = "Pet Supplies", .style = STYLE_PLAY, .weight = 44, .colour_percent = 35,
     .brands = "Wagtail & Whisk|Pfotenglück|Nibblemoor|Furrowby|Aquelis", .surname = "Pets",
     .adjectives = "Grain Free|Orthopaedic|Washable|Natural|Adjustable|Sensitive|Reflective|Chew Proof|Complete|"
                   "Soft|Odour Control|Crunchy|Extra Large|Padded|Senior",
     .materials = "Chicken|Salmon|Beef|Lamb|Sisal|Plush|Nylon|Natural Rubber|Rope Cotton|Solid Wood|Duck|Turkey",
     .features = "a removable cover|no added sugar|a non-slip base|a high meat content|several platforms|"
                 "quick-release buckles|added vitamins|a quiet filter|low dust|a cosy den",
     .uses = "small breeds|large dogs|indoor cats|puppies and kittens|sensitive stomachs|older animals|playful pets|"
             "evening walks|multi-pet homes",
     .specifications = "#% meat|#% protein|up to # kg|#0 litres|# cm wide|# flavours|from # months",
     .leaves = pets, .leaf_count = VOCABULARY_COUNT(pets)},
};
