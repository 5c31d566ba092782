"""Sends recordings as if they were measured now: motion, a sound and a picture.

On a PC: micropython replay_motion.py HTTP_URL HTTPS_URL CA_FILE API_KEY HMAC_KEY DATA_FOLDER (`make demo` does it).
"""

import sys
from array import array

from edgeingest import Client, File, Sample
from edgeingest.labels import structured_labels

http_url, https_url, ca, api_key, hmac_key, data = sys.argv[1:7]


def replay(name):
    """Returns the Sample of a recording: a header row, then rows of a time in ms and one value per axis."""
    values = array("f")
    with open("%s/%s.csv" % (data, name)) as recording:
        axes = recording.readline().strip().split(",")[1:]
        for row in recording:
            values.extend(array("f", [float(value) for value in row.split(",")[1:]]))
    return Sample([(axis, "N/A") for axis in axes], 100, values, "REPLAY", "board-1", name=name)


activities = ("badminton", "running", "standing", "walking")
samples = [replay(activity + ".01") for activity in activities]
labels = structured_labels({s.name + ".cbor": [(0, s.rows - 1, s.name.split(".")[0])] for s in samples})

with Client(api_key, http_url, hmac_key=hmac_key) as client:
    for stored in client.upload("training", samples + [labels]):
        print("stored", stored.file_name)
    walking = samples[3].body("json", hmac_key)
    print("stored", client.send("testing", walking, label="walking").file_name)

with Client(api_key, https_url, ca=ca) as client:
    files = [File(data + "/front_center.01.wav"), File(data + "/flower.01.jpg")]
    for stored in client.upload("training", files):
        print("stored", stored.file_name)
