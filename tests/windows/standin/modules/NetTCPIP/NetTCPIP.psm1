# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Sockets that listen, from listening.json below FW_STANDIN.

Function Get-StandInSocket {
    Param([string]$Protocol)
    $text = [System.IO.File]::ReadAllText((Join-Path $env:FW_STANDIN 'listening.json'))
    foreach ($row in (ConvertFrom-Json -InputObject $text)) {
        if ($row.protocol -eq $Protocol) {
            [pscustomobject]@{ LocalAddress = $row.address; LocalPort = [uint16]$row.port; OwningProcess = [uint32]$row.pid }
        }
    }
}

Function Get-NetTCPConnection {
    [CmdletBinding()]
    Param([string]$State)
    if ($State -ne 'Listen') { throw "only State Listen is known here, not $State" }
    Get-StandInSocket -Protocol 'tcp'
}

Function Get-NetUDPEndpoint {
    [CmdletBinding()]
    Param()
    Get-StandInSocket -Protocol 'udp'
}

Export-ModuleMember -Function 'Get-NetTCPConnection', 'Get-NetUDPEndpoint'
