/*
 * vocabulary_tech.c - departments of technology: electronics, computers, phones, office, cars.
 * Tables only; vocabulary.h says how they are read. All brands are invented.
 */
#include "data/vocabulary.h"

static const struct vocabulary_leaf electronics[] = {
    {"Audio", "Headphones", "Wireless Headphones|Over-Ear Headphones|Noise Cancelling Headphones", 99, 0.75, SIZE_NONE},
    {"Audio", "Earbuds", "Wireless Earbuds|In-Ear Headphones|Sports Earbuds", 59, 0.70, SIZE_NONE},
    {"Audio", "Speakers", "Bluetooth Speaker|Portable Speaker|Bookshelf Speaker", 79, 0.80, SIZE_NONE},
    {"Television", "Televisions", "Smart TV|LED TV|OLED TV|UHD Television", 549, 0.65, SIZE_SCREEN},
    {"Audio", "Soundbars", "Soundbar|Soundbar with Subwoofer", 199, 0.60, SIZE_NONE},
    {"Cameras", "Digital Cameras", "Digital Camera|Mirrorless Camera|Compact Camera", 479, 0.70, SIZE_NONE},
    {"Cameras", "Action Cameras", "Action Camera|Helmet Camera", 189, 0.60, SIZE_NONE},
    {"Cameras", "Lenses", "Zoom Lens|Prime Lens|Macro Lens|Wide Angle Lens", 399, 0.70, SIZE_NONE},
    {"Cameras", "Tripods", "Tripod|Travel Tripod|Monopod", 59, 0.65, SIZE_NONE},
    {"Audio", "Radios", "DAB Radio|Internet Radio|Clock Radio", 69, 0.55, SIZE_NONE},
    {"Audio", "Turntables", "Turntable|Record Player", 179, 0.60, SIZE_NONE},
    {"Television", "Projectors", "Projector|Mini Projector|Home Cinema Projector", 299, 0.75, SIZE_NONE},
    {"Power", "Batteries", "Rechargeable Batteries|AA Batteries|Button Cells", 12, 0.50, SIZE_PACK},
    {"Power", "Extension Leads", "Extension Lead|Surge Protector|Power Strip", 19, 0.45, SIZE_LENGTH},
    {"Smart Home", "Smart Plugs", "Smart Plug|Wi-Fi Socket", 19, 0.45, SIZE_PACK},
    {"Smart Home", "Security Cameras", "Security Camera|Outdoor Camera|Video Doorbell", 89, 0.60, SIZE_NONE},
    {"Television", "Streaming Players", "Streaming Player|Set-Top Box|Satellite Receiver", 59, 0.55, SIZE_STORAGE},
};

static const struct vocabulary_leaf computers[] = {
    {"Laptops", "Laptops", "Laptop|Notebook|Ultrabook|2-in-1 Laptop", 799, 0.50, SIZE_SCREEN},
    {"Laptops", "Gaming Laptops", "Gaming Laptop|Gaming Notebook", 1290, 0.40, SIZE_SCREEN},
    {"Desktops", "Desktop PCs", "Desktop PC|Mini PC|Gaming PC|All-in-One PC", 749, 0.55, SIZE_STORAGE},
    {"Monitors", "Monitors", "Monitor|Curved Monitor|Gaming Monitor|UHD Monitor", 239, 0.55, SIZE_SCREEN},
    {"Storage", "Solid State Drives", "SSD|NVMe SSD|Portable SSD", 89, 0.65, SIZE_STORAGE},
    {"Storage", "Hard Drives", "Hard Drive|External Hard Drive|NAS Drive", 94, 0.60, SIZE_STORAGE},
    {"Storage", "USB Sticks", "USB Stick|Flash Drive", 14, 0.55, SIZE_STORAGE},
    {"Storage", "Memory Cards", "Memory Card|microSD Card|SD Card", 19, 0.60, SIZE_STORAGE},
    {"Accessories", "Keyboards", "Keyboard|Mechanical Keyboard|Wireless Keyboard", 59, 0.65, SIZE_NONE},
    {"Accessories", "Mice", "Wireless Mouse|Gaming Mouse|Vertical Mouse", 34, 0.60, SIZE_NONE},
    {"Accessories", "Webcams", "Webcam|Conference Camera", 54, 0.60, SIZE_NONE},
    {"Components", "Graphics Cards", "Graphics Card|GPU", 459, 0.65, SIZE_STORAGE},
    {"Components", "Memory Modules", "DDR5 Memory|DDR4 Memory|Laptop Memory", 84, 0.60, SIZE_STORAGE},
    {"Components", "Power Supplies", "Power Supply|Modular Power Supply", 89, 0.50, SIZE_NONE},
    {"Network", "Routers", "Wi-Fi Router|Mesh Router|Travel Router", 109, 0.65, SIZE_NONE},
    {"Network", "Network Cables", "Network Cable|Patch Cable|Ethernet Cable", 9, 0.60, SIZE_LENGTH},
    {"Accessories", "Laptop Bags", "Laptop Bag|Laptop Sleeve|Laptop Backpack", 39, 0.50, SIZE_SCREEN},
    {"Components", "Computer Cases", "Computer Case|Mini Tower|Midi Tower", 84, 0.45, SIZE_NONE},
};

static const struct vocabulary_leaf phones[] = {
    {"Phones", "Smartphones", "Smartphone|5G Smartphone|Dual SIM Smartphone", 429, 0.65, SIZE_STORAGE},
    {"Phones", "Senior Phones", "Big Button Phone|Flip Phone|Senior Phone", 59, 0.45, SIZE_NONE},
    {"Tablets", "Tablets", "Tablet|Android Tablet|Kids' Tablet", 269, 0.60, SIZE_STORAGE},
    {"Tablets", "E-Readers", "E-Reader|E-Book Reader", 139, 0.40, SIZE_STORAGE},
    {"Accessories", "Phone Cases", "Phone Case|Flip Case|Bumper Case|Wallet Case", 17, 0.50, SIZE_NONE},
    {"Accessories", "Screen Protectors", "Screen Protector|Tempered Glass", 11, 0.45, SIZE_PACK},
    {"Charging", "Chargers", "USB-C Charger|Fast Charger|Wall Charger|Car Charger", 22, 0.55, SIZE_NONE},
    {"Charging", "Power Banks", "Power Bank|Solar Power Bank", 34, 0.50, SIZE_NONE},
    {"Charging", "Wireless Chargers", "Wireless Charger|Charging Stand|Charging Pad", 27, 0.50, SIZE_NONE},
    {"Charging", "Charging Cables", "USB-C Cable|Charging Cable|Magnetic Cable", 11, 0.50, SIZE_LENGTH},
    {"Accessories", "Phone Holders", "Phone Holder|Car Phone Mount|Bike Phone Mount", 19, 0.45, SIZE_NONE},
    {"Accessories", "Selfie Sticks", "Selfie Stick|Phone Gimbal|Ring Light", 29, 0.65, SIZE_NONE},
    {"Accessories", "Tablet Cases", "Tablet Case|Keyboard Case|Tablet Sleeve", 29, 0.50, SIZE_SCREEN},
    {"Phones", "Landline Phones", "Cordless Phone|Desk Phone", 49, 0.50, SIZE_NONE},
};

static const struct vocabulary_leaf office[] = {
    {"Printing", "Printers", "Laser Printer|Inkjet Printer|Photo Printer|Label Printer", 169, 0.60, SIZE_NONE},
    {"Printing", "Ink Cartridges", "Ink Cartridge|Ink Cartridge Set", 24, 0.55, SIZE_ML},
    {"Printing", "Toner", "Toner Cartridge|Toner Set|Drum Unit", 69, 0.60, SIZE_NONE},
    {"Paper", "Copy Paper", "Copy Paper|Printer Paper|Recycled Paper", 8, 0.45, SIZE_PIECES},
    {"Paper", "Notebooks", "Notebook|Ruled Notebook|Dotted Notebook|Journal", 9, 0.50, SIZE_PACK},
    {"Paper", "Envelopes", "Envelopes|Padded Envelopes", 12, 0.50, SIZE_PIECES},
    {"Writing", "Ballpoint Pens", "Ballpoint Pen|Gel Pen|Rollerball Pen", 7, 0.70, SIZE_PACK},
    {"Writing", "Markers", "Marker Set|Highlighters|Whiteboard Markers|Fineliners", 9, 0.55, SIZE_PACK},
    {"Writing", "Fountain Pens", "Fountain Pen|Calligraphy Pen", 34, 0.70, SIZE_NONE},
    {"Filing", "Ring Binders", "Ring Binder|Lever Arch File|Document Folder", 6, 0.45, SIZE_PACK},
    {"Desk", "Desk Organisers", "Desk Organiser|Pen Holder|Letter Tray", 19, 0.50, SIZE_NONE},
    {"Machines", "Shredders", "Paper Shredder|Cross-Cut Shredder", 74, 0.50, SIZE_LITRE},
    {"Machines", "Calculators", "Calculator|Scientific Calculator|Desk Calculator", 19, 0.55, SIZE_NONE},
    {"Machines", "Laminators", "Laminator|Laminating Pouches", 34, 0.50, SIZE_NONE},
    {"Desk", "Whiteboards", "Whiteboard|Pin Board|Flip Chart", 44, 0.60, SIZE_AREA},
};

static const struct vocabulary_leaf automotive[] = {
    {"Tyres & Wheels", "Summer Tyres", "Summer Tyre|Performance Tyre", 89, 0.45, SIZE_NONE},
    {"Tyres & Wheels", "Winter Tyres", "Winter Tyre|All-Season Tyre", 94, 0.45, SIZE_NONE},
    {"Oils & Fluids", "Motor Oil", "Motor Oil|Synthetic Motor Oil", 34, 0.45, SIZE_LITRE},
    {"Oils & Fluids", "Coolant", "Coolant|Antifreeze|Screen Wash", 14, 0.45, SIZE_LITRE},
    {"Parts", "Brake Pads", "Brake Pads|Brake Pad Set|Brake Discs", 54, 0.55, SIZE_NONE},
    {"Parts", "Oil Filters", "Oil Filter|Air Filter|Cabin Filter", 14, 0.50, SIZE_NONE},
    {"Parts", "Wiper Blades", "Wiper Blades|Flat Wiper Blade|Rear Wiper", 21, 0.40, SIZE_LENGTH},
    {"Parts", "Car Batteries", "Car Battery|AGM Battery|Motorcycle Battery", 99, 0.40, SIZE_NONE},
    {"Lighting", "Car Bulbs", "H7 Bulbs|LED Headlight Bulbs|Indicator Bulbs", 19, 0.55, SIZE_PACK},
    {"Interior", "Seat Covers", "Seat Cover Set|Car Seat Cushion", 54, 0.50, SIZE_NONE},
    {"Interior", "Floor Mats", "Floor Mats|Boot Liner", 44, 0.45, SIZE_NONE},
    {"Interior", "Dash Cams", "Dash Cam|Dual Dash Cam", 89, 0.50, SIZE_STORAGE},
    {"Care", "Car Cleaning", "Car Shampoo|Car Wax|Wheel Cleaner|Polish", 13, 0.45, SIZE_ML},
    {"Transport", "Roof Boxes", "Roof Box|Roof Rack|Bike Carrier", 249, 0.50, SIZE_LITRE},
    {"Tools", "Jacks & Stands", "Trolley Jack|Axle Stands|Bottle Jack", 64, 0.50, SIZE_NONE},
    {"Tools", "Jump Starters", "Jump Starter|Battery Charger|Tyre Inflator", 69, 0.45, SIZE_NONE},
};

const struct vocabulary_department vocabulary_tech[5] = {
    {.name = "Electronics", .style = STYLE_TECH, .weight = 62, .colour_percent = 70,
     .brands = "Voltaryn|Sonique Arc|Lumetra|Kiroshi Vale|Audientis", .surname = "Audio",
     .adjectives = "Wireless|Portable|Compact|Smart|Waterproof|Digital|4K|Rechargeable|Full HD|Ultra Slim|"
                   "High Resolution|Foldable|Dual Band|Bluetooth 5.3|Professional|Stereo",
     .materials = "Aluminium|ABS|Matte Plastic|Brushed Steel|Polycarbonate|Walnut Veneer|Fabric|Carbon Fibre",
     .features = "active noise cancelling|voice control|a USB-C port|a long battery life|an intuitive app|HDR|"
                 "a remote control|deep bass|low latency|touch controls|optical image stabilisation|quick charging|"
                 "a bright display|multiroom sound|night vision",
     .uses = "music on the go|home cinema evenings|travel|video calls|the garden and the beach|gaming|vloggers|"
             "small rooms|sports|movie nights",
     .specifications = "# W|up to # hours of playtime|#0 mAh|# MP|# Hz to 20 kHz|# ms latency|#00 lumens|# mm drivers|"
                       "#x zoom|#0 dB",
     .leaves = electronics, .leaf_count = VOCABULARY_COUNT(electronics)},
    {.name = "Computers", .style = STYLE_TECH, .weight = 58, .colour_percent = 60,
     .brands = "Quarzen|Nexivolt|Tessaract Labs|Corvid Byte|Hexaloom", .surname = "Systems",
     .adjectives = "Ultra Fast|Wireless|Ergonomic|Slim|Gaming|Silent|High Speed|Portable|RGB|Business|Compact|"
                   "Full HD|Mechanical|Encrypted|Rugged|Dual Channel",
     .materials = "Aluminium|Magnesium Alloy|ABS|Tempered Glass|Steel|Recycled Plastic|Polycarbonate|PBT",
     .features = "a backlit keyboard|a fingerprint sensor|fast boot times|a three-sided frameless display|quiet fans|"
                 "hot-swappable switches|hardware encryption|tool-free mounting|a USB-C dock port|mesh support|"
                 "gold-plated connectors|a privacy shutter|tool-free cable management",
     .uses = "home offices|students|competitive gaming|video editing|small businesses|travel|everyday browsing|"
             "creative work|data backups|silent living rooms",
     .specifications = "#00 MB/s|# GB RAM|#0 W|#00 Hz|# ms response time|# cores|#00 DPI|# ports|up to # hours|"
                       "DDR5-#00",
     .leaves = computers, .leaf_count = VOCABULARY_COUNT(computers)},
    {.name = "Phones & Tablets", .style = STYLE_TECH, .weight = 56, .colour_percent = 92,
     .brands = "Zentel|Oravox|Pixarra|Mobilund|Chargewick", .surname = "Mobile",
     .adjectives = "Slim|Shockproof|Transparent|Fast Charging|Magnetic|Unlocked|Foldable|Anti-Scratch|Dual SIM|"
                   "Wireless|Universal|Rugged|Ultra Thin|Braided|Leather",
     .materials = "TPU|Silicone|Tempered Glass|Aluminium|Vegan Leather|Nylon|Polycarbonate|Aramid Fibre|Ceramic",
     .features = "a bright OLED display|precise cut-outs|overcharge protection|raised camera edges|a card slot|"
                 "a night mode camera|a built-in kickstand|expandable memory|face unlock|two USB ports|"
                 "an oleophobic coating|stereo speakers",
     .uses = "everyday protection|travel|families|outdoor work|night owls|the car|first-time users|video calls|"
             "reading in the sun|long days without a socket",
     .specifications = "#00 mAh|# W|# MP|#.# inch|# GB RAM|#00 nits|up to # hours|#00 charge cycles|IP#",
     .leaves = phones, .leaf_count = VOCABULARY_COUNT(phones)},
    {.name = "Office & School", .style = STYLE_TOOL, .weight = 40, .colour_percent = 60,
     .brands = "Scriptora|Papelune|Bureau Nine|Clipsworth|Inkantor", .surname = "Office",
     .adjectives = "Premium|Recycled|Heavy Duty|Refillable|Magnetic|Compatible|Compact|A4|A5|Acid Free|High Yield|"
                   "Waterproof|Hardcover|Assorted|Retractable|Double Sided",
     .materials = "Recycled Paper|Steel|Bamboo|Polypropylene|Cardboard|Cork|Aluminium|Brass|Kraft Paper|Acrylic",
     .features = "smooth ink flow|a soft grip|numbered pages|an elastic closure|automatic feed|duplex printing|"
                 "clear labels|a lockable drawer|bleed-proof pages|quick-drying ink|a perforated edge",
     .uses = "home offices|school|busy copy rooms|bullet journals|meetings|students|archives|sketching|exam days",
     .specifications = "# g per square metre|#00 sheets|#00 pages|0.# mm|# colours|# litre bin|#0 pages a minute",
     .leaves = office, .leaf_count = VOCABULARY_COUNT(office)},
    {.name = "Automotive", .style = STYLE_TOOL, .weight = 42, .colour_percent = 20,
     .brands = "Drivenor|Kolbwerk|Torqueline|Rastamo|Gripvall", .surname = "Motors",
     .adjectives = "Heavy Duty|Universal|Fully Synthetic|All Weather|Ceramic|Long Life|Quick Fit|High Performance|"
                   "Foldable|Low Noise|Maintenance Free|Concentrated|Custom Fit|Reinforced",
     .materials = "Rubber|Steel|Ceramic|Nylon|Synthetic Leather|Aluminium|Silicone|Microfibre|Graphite",
     .features = "easy installation|low dust|a long service life|reliable cold starts|anti-slip backing|"
                 "loop recording|short braking distances|aramid fibres|a carry case|streak-free wiping|"
                 "rust protection",
     .uses = "petrol and diesel engines|vans and estates|winter roads|classic cars|motorcycles|long journeys|"
             "caravans|hobby mechanics|city traffic",
     .specifications = "#0 Ah|#00 A|# V|#W-40|2#5/55 R17|#% less noise|up to #00 kg|# bar|#00 mm|fits # models",
     .leaves = automotive, .leaf_count = VOCABULARY_COUNT(automotive)},
};
